"""How a server's certificate is judged that we connect to, and the certificate by which it knows us.

TLS 1.2 and 1.3; the name that was connected to must stand in the certificate (RFC 9325, RFC 6125).
"""

import ssl
from pathlib import Path
from typing import Final

from redrabbit.base.bounded import KB, TooLarge, read_at_most
from redrabbit.base.certificates import CertificateUnusable, certificate_of_key
from redrabbit.base.sentence import sentence, system_words, words_of

MOST_CERTIFICATE_BYTES: Final = 500 * KB
"""Twice what all public authorities together have."""


def client_context(
    authorities: Path | None, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """Return by what a server's certificate is judged: by a plant's own `authorities`, else by the system's.

    `certificate` and `key` are those that it asks us for. CertificateUnusable says which file can't be used, and why.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody until told whom
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    path = authorities
    try:
        if authorities is None:
            context.load_default_certs()
        else:
            pem = read_at_most(authorities, MOST_CERTIFICATE_BYTES, "certificates in PEM")
            context.load_verify_locations(cadata=pem.decode("ascii"))
        path = certificate
        if certificate is not None and key is not None:
            certificate_of_key(certificate, key)
            context.load_cert_chain(certificate, key)
    except TooLarge as error:
        raise CertificateUnusable(words_of(error)) from error
    except (ssl.SSLError, ValueError):
        raise CertificateUnusable(
            sentence("{path} holds no certificates; expected PEM", path=path)
        ) from None
    except OSError as error:
        raise CertificateUnusable(
            sentence("{path}: {problem}", path=error.filename or path, problem=system_words(error))
        ) from error
    return context
