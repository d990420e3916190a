"""A mail server over a real socket that keeps what it is given (RFC 5321)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class MailServer:
    """Takes every mail, or refuses every recipient."""

    refuses: bool = False
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.plant.example\r\n")
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := await reader.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    writer.write(b"354 go on\r\n")
                    raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                    mail = message_from_bytes(raw, policy=default)
                    assert isinstance(mail, EmailMessage)
                    self.mails.append(mail)
                elif word == b"RCPT" and self.refuses:
                    writer.write(b"550 no such mailbox\r\n")
                    continue
                writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n")
                if word == b"QUIT":
                    break
        writer.close()

    @property
    def said(self) -> list[tuple[str, str]]:
        """Subjects and texts of what was taken."""
        return [
            (str(mail["subject"]), body.get_content() if (body := mail.get_body()) else "")
            for mail in self.mails
        ]


@asynccontextmanager
async def receiving_mail(*, refuses: bool = False) -> AsyncIterator[MailServer]:
    """Run a mail server on a free port of this machine."""
    mail = MailServer(refuses=refuses)
    server = await asyncio.start_server(mail.serve, "127.0.0.1", 0)
    mail.port = server.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        server.close()
