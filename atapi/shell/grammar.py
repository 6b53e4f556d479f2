"""The grammar of one line, as people type it and as scripts hold it.

```
line     := command { ";" command } [ "#" comment ]
command  := WORD { WORD } [ ">" FILE | ">>" FILE | "|" SYSTEM-COMMAND ]
```

Quotes of either kind keep what is between them together and literal; a backslash is a character like any other.
`#` begins a comment only where a word would begin. What follows the first unquoted `|` of a command goes to the
system's shell as it stands, with its own quotes, further `|` and comments, up to the next unquoted `;`: what comes
after that is a command of ours again. Whatever else comes in is refused with its column, never guessed at.
"""

from __future__ import annotations

from atapi.errors import UsageError

TYPE_CHECKING = False  # `typing` itself costs milliseconds that a script's start would pay
if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = " \t"
_ENDS_WORD = " \t;>|"
_BOM = "\ufeff"


class Statement:
    """One command of a line: its words and where its output goes.

    Attributes:
        words: The command's name and what follows it, without quotes; never empty.
        target: The file named after `>` or `>>`, or None.
        append: Whether it was `>>`.
        pipe: The system command after `|`, as typed, or None.
    """

    __slots__ = ("append", "pipe", "target", "words")

    def __init__(
        self, words: list[str], *, target: str | None = None, append: bool = False, pipe: str | None = None
    ) -> None:
        self.words = words
        self.target = target
        self.append = append
        self.pipe = pipe


class Token:
    """A word, or one of `;` `>` `>>` `|` `#`, and the column it begins at, counted from 1."""

    __slots__ = ("column", "kind", "text")

    def __init__(self, kind: str, text: str, column: int) -> None:
        self.kind = kind
        self.text = text
        self.column = column


def split(line: str) -> list[Statement]:
    """Split a line into its commands; an empty line or a comment has none.

    Raises:
        UsageError: An open quote, a control character, or an output sign without its file or command.
    """
    commands = [[t for t in tokens if t.kind != "#"] for tokens in _commands(_clean(line))]
    return [_statement(tokens) for tokens in commands if tokens]


def unfinished(text: str) -> tuple[list[str], str] | None:
    """Tell the words of the command being typed and the word under the cursor, for completion.

    Returns:
        The words before it and the word so far (empty after a space); None inside quotes, a file name, a system
        command or a comment.
    """
    try:
        command = _commands(_clean(text))[-1]
    except UsageError:
        return None
    if any(token.kind != "word" for token in command):
        return None
    words = [token.text for token in command]
    if not words or text[-1] in _BLANK:
        return words, ""
    return (words[:-1], words[-1]) if text.endswith(words[-1]) else None


def _clean(line: str) -> str:
    line = line.removeprefix(_BOM).rstrip("\r\n")
    if not line.replace("\t", " ").isprintable():
        _refuse_unprintable(line)
    return line


def _refuse_unprintable(line: str) -> None:
    for column, char in enumerate(line, 1):
        if char == "\t" or char.isprintable():
            continue
        if char.isspace() and ord(char) >= 0xA0:
            raise UsageError(
                f"the space at column {column} is not a plain one (U+{ord(char):04X})",
                hint="type it with the space bar",
            )
        if "\udc80" <= char <= "\udcff":  # how Python hands over a byte it could not decode
            raise UsageError(f"byte 0x{ord(char) - 0xDC00:02x} at column {column} is not UTF-8")
        raise UsageError(f"the character at column {column} (U+{ord(char):04X}) is not text")


def _commands(line: str) -> list[list[Token]]:
    commands: list[list[Token]] = [[]]
    for token in _tokens(line):
        if token.kind == ";":
            commands.append([])
        else:
            commands[-1].append(token)
    return commands


def _tokens(line: str) -> Iterator[Token]:
    at = 0
    while at < len(line):
        char, column = line[at], at + 1
        if char in _BLANK:
            at += 1
        elif char == "#":
            yield Token("#", "", column)
            return
        elif char == ";":
            yield Token(";", "", column)
            at += 1
        elif char == "|":
            end = _end_of_system_command(line, at + 1)
            yield Token("|", line[at + 1 : end].strip(), column)
            at = end
        elif char == ">":
            sign = ">>" if line.startswith(">>", at) else ">"
            yield Token(sign, "", column)
            at += len(sign)
        else:
            word, at = _word(line, at)
            yield Token("word", word, column)


def _word(line: str, at: int) -> tuple[str, int]:
    parts: list[str] = []
    while at < len(line) and line[at] not in _ENDS_WORD:
        if line[at] in "'\"":
            end = _closing_quote(line, at)
            parts.append(line[at + 1 : end])
            at = end + 1
        else:
            parts.append(line[at])
            at += 1
    return "".join(parts), at


def _end_of_system_command(line: str, at: int) -> int:
    while at < len(line) and line[at] != ";":
        if line[at] in "'\"":
            at = _closing_quote(line, at)
        elif line[at] == "\\":
            at += 1
        at += 1
    return min(at, len(line))


def _closing_quote(line: str, at: int) -> int:
    end = line.find(line[at], at + 1)
    if end < 0:
        raise UsageError(f"the quote opened at column {at + 1} is not closed")
    return end


def _statement(tokens: list[Token]) -> Statement:
    head = [token.text for token in tokens]
    signs = [i for i, token in enumerate(tokens) if token.kind != "word"]
    if not signs:
        return Statement(head)
    first = signs[0]
    sign = tokens[first]
    if first == 0:
        raise UsageError(f"no command before the {sign.kind} at column {sign.column}")
    if sign.kind == "|":
        return Statement(head[:first], pipe=_system_command(sign))
    return Statement(head[:first], target=_file_after(tokens, first), append=sign.kind == ">>")


def _system_command(sign: Token) -> str:
    if not sign.text or sign.text.startswith("|"):
        raise UsageError(f"no command after the | at column {sign.column}", hint="balance | grep USDT")
    return sign.text


def _file_after(tokens: list[Token], at: int) -> str:
    sign, rest = tokens[at], tokens[at + 1 :]
    if not rest or rest[0].kind != "word" or not rest[0].text:
        raise UsageError(f"no file after the {sign.kind} at column {sign.column}")
    if len(rest) > 1:
        raise UsageError(f"nothing may follow {sign.kind} {rest[0].text} but ;")
    return rest[0].text
