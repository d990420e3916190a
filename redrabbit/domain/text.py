"""Words from the plant's files, in both languages (D17)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The same words in English and Chinese, as the configuration gives them: `{en: …, zh: …}`."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """Return the Chinese words for any `zh…` language tag, else the English ones."""
        return self.zh if language.startswith("zh") else self.en
