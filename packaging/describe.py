#!/usr/bin/env python3
"""Makes what a package tells of the programs of what they say of themselves: `--help`, `--print-config`.

    describe.py --programs BUILD --version V --settings docs/configuration.md --changelog FILE --output FOLDER

Writes ponte.1.gz, ponted.8.gz, bash/, zsh/, fish/, ponte.toml and changelog.Debian.gz. A setting without a row in the
table of --settings, and a help text of a form that is not known, are errors.
"""
import argparse
import email.utils
import gzip
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass, field


@dataclass
class Option:
    flags: list  # as they are typed: -h, --help
    value: str  # what its value is called; empty: it takes none
    choices: list
    text: str


@dataclass
class Command:
    words: list  # ponte phone scan
    text: str
    usage: str = ""
    positionals: list = field(default_factory=list)  # (name, text)
    options: list = field(default_factory=list)
    commands: list = field(default_factory=list)
    footer: list = field(default_factory=list)  # paragraphs

    def all(self):
        yield self
        for command in self.commands:
            yield from command.all()


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def rows(lines):
    """Pairs of what stands left and what is said of it: in one line, or the text below."""
    pairs = []
    for line in lines:
        if match := re.match(r" {2}(\S.*?)(?: {2,}(\S.*))?$", line):
            pairs.append([match[1], match[2] or ""])
        elif pairs and line.startswith(" " * 4):
            pairs[-1][1] = f"{pairs[-1][1]} {line.strip()}".strip()
        else:
            raise ValueError(f"help text of a form that is not known: {line!r}")
    return pairs


def option_of(left, text):
    flags, _, rest = left.partition(" ")
    choices = re.search(r":\{([^}]*)\}", rest)
    default = re.search(r"=(\S+)", rest.split("(Env:")[0])
    takes = re.match(r"(?!REQUIRED\b|Needs\b|Excludes\b)[A-Z]", rest)
    value = re.split(r"[^A-Z_]", rest)[0] if takes else ""
    if (limits := re.search(r" in \[(\S+) - (\S+)\]", rest)) is not None:
        text = f"{text} ({limits[1]} to {limits[2]})"
    if default and takes:
        text = f"{text} (default: {default[1]})"
    if (variable := re.search(r"\(Env:(\w+)\)", rest)) is not None:
        text = f"{text} (environment: {variable[1]})"
    return Option(flags.split(","), value, choices[1].split(",") if choices else [], text.strip())


def ask(program, words, text):
    """What the program says of itself and, one after another, of its subcommands."""
    command = Command(words, text)
    section, found, footer = None, {}, None
    for line in run(program, *words[1:], "--help").splitlines():
        if footer is not None:
            footer.append(line)
        elif line.startswith("Usage: "):
            command.usage = line[len("Usage: "):]
        elif match := re.match(r"([A-Z]\w*(?: \w+)?):$", line):
            section = found.setdefault(match[1], [])
        elif line.startswith(" ") and section is not None:
            section.append(line)
        elif line.strip() and section is not None:
            footer = [line]
        elif line.strip() and not command.usage:
            command.text = line.strip()
    if not command.usage:
        raise ValueError(f"{' '.join(words)} --help has no line `Usage:`")
    command.footer = re.split(r"\n{2,}", "\n".join(footer or []).strip())
    for title, lines in found.items():
        pairs = rows(lines)
        if title == "Positionals":
            command.positionals += [(re.split(r" ", left)[0], said) for left, said in pairs]
        elif title == "Subcommands":
            command.commands += [ask(program, [*words, left], said) for left, said in pairs]
        else:
            command.options += [option_of(left, said) for left, said in pairs]
    return command


# --- settings

def settings_of(program, document):
    """(name, default, meaning) of every setting, in the program's order; the meanings from the table of the document."""
    meanings = {}
    for line in document.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `PONTE_") and len(cells) >= 3:
            for name in re.findall(r"`PONTE_(\w+)`", cells[0]):
                meanings[name.lower()] = (cells[1], " | ".join(cells[2:]).rstrip(" |"))
    found = []
    for line in run(program, "--print-config").splitlines():
        name, default = re.fullmatch(r"(\w+) = ['\"](.*)['\"]", line).groups()
        if name not in meanings:
            raise ValueError(f"{document}: no row for PONTE_{name.upper()}")
        found.append((name, default, *meanings[name]))
    return found


def plain(markdown):
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", markdown).replace("`", "")


def toml_value(text):
    if re.fullmatch(r"\d+|true|false", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def wrapped(text, width):
    line, out = "", []
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            out.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*out, line]


def configuration(settings):
    lines = ["# Settings of ponted. Each stands here with what counts without it; take the # away to change it.",
             "# `systemctl reload ponted` reads this file again; which settings then count at once says",
             "# docs/configuration.md. Secrets go into ponte.env beside it, which wins.",
             "# To see what counts: sudo -u ponte ponted --config /etc/ponte/ponte.toml --env-file /etc/ponte/ponte.env --print-config", ""]
    for name, default, shown, meaning in settings:
        lines += [f"# {line}" for line in wrapped(plain(meaning), 110)]
        if not default and plain(shown) not in ("", "none"):
            lines.append(f"# Empty: {plain(shown)}.")
        if name == "data_dir":
            lines.append('data_dir = "/var/lib/ponte"')
        else:
            lines.append(f"#{name} = {toml_value(default)}")
        lines.append("")
    return "\n".join(lines)


# --- manual pages

def roff(text):
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", escaped)


def roff_options(command):
    for option in command.options:
        value = f" \\fI{roff(option.value)}\\fR" if option.value else ""
        yield ".TP\n" + ", ".join(f"\\fB{roff(flag)}\\fR" for flag in option.flags) + value
        yield roff(option.text + (f" One of: {', '.join(option.choices)}." if option.choices else ""))


def roff_footer(command):
    for paragraph in filter(None, command.footer):
        yield ".PP\n" + "\n".join((".br\n" if line.startswith(" ") else "") + roff(line.strip()) for line in paragraph.splitlines())


def roff_command(command, heading):
    yield f"{heading} {roff(' '.join(command.words[1:]))}"
    yield roff(command.text) + "\n.PP\n" + f"\\fB{roff(command.usage)}\\fR"
    for name, text in command.positionals:
        yield f".TP\n\\fI{roff(name)}\\fR\n{roff(text) or name}"
    yield from roff_options(command)
    yield from roff_footer(command)


def manual(command, section, version, date, more):
    name = command.words[0]
    summary = command.text.removeprefix("Ponte ").rstrip(".").replace("\n", " ")
    lines = [f'.TH {name.upper()} {section} {date} "Ponte {version}" Ponte', ".SH NAME", f"{name} \\- {roff(summary)}",
             ".SH SYNOPSIS", f"\\fB{roff(command.usage)}\\fR", ".SH DESCRIPTION", roff(command.text), ".SH OPTIONS",
             *roff_options(command), *roff_footer(command)]
    if command.commands:
        lines.append(".SH COMMANDS")
        for each in list(command.all())[1:]:
            lines += roff_command(each, ".SS")
    return "\n".join([*lines, *more]) + "\n"


FILES = {"/etc/ponte/ponte.toml": "settings", "/etc/ponte/ponte.env": "settings that are secrets; they win",
         "/var/lib/ponte": "the accounts, and master.key, which opens them",
         "/lib/systemd/system/ponted.service": "the service"}


EXITS = {0: "stopped as told", 1: "a failure at run time", 2: "the configuration", 3: "the data directory is in use",
         4: "the store is corrupt, or its master key is missing or not its own"}


def manual_of_ponted(command, version, date, settings):
    more = [".SH EXIT STATUS", *(f".TP\n{code}\n{text}" for code, text in EXITS.items()),
            ".SH SIGNALS", ".TP\nSIGHUP\nreads the configuration files again", ".TP\nSIGTERM, SIGINT\nstops",
            ".SH FILES", *(f".TP\n\\fI{roff(path)}\\fR\n{text}" for path, text in FILES.items()), ".SH ENVIRONMENT"]
    for name, default, shown, meaning in settings:
        said = f"{plain(meaning)}. Default: {default or plain(shown)}."
        more.append(f".TP\n\\fBPONTE_{name.upper()}\\fR\n{roff(said)}")
    return manual(command, 8, version, date, [*more, ".SH SEE ALSO", "\\fBponte\\fR(1)"])


# --- completions

def words_of(command):
    flags = [flag for option in command.options for flag in option.flags]
    return [each.words[-1] for each in command.commands] + flags


def with_values(command):
    return [option for option in command.options if option.value]


def shell_pattern(path, words):
    return "|".join(f"'{' '.join([*path, word])}'" for word in words)


def walk(command, first, last, word):
    """The shell lines that find out which command is meant: of the words behind its name, which are subcommands."""
    lines = [f"  local at path='{command.words[0]}'", f"  for ((at = {first}; at < {last}; at++)); do", f"    case \"$path {word}\" in"]
    for each in command.all():
        if taking := [flag for option in with_values(each) for flag in option.flags]:
            lines.append(f"      {shell_pattern(each.words, taking)}) ((at++)) ;;")
        if each.commands:
            lines.append(f"      {shell_pattern(each.words, [sub.words[-1] for sub in each.commands])}) path+=\" {word}\" ;;")
    return [*lines, "      *) ;;", "    esac", "  done"]


def bash(command):
    name = command.words[0]
    lines = [f"# bash completion of {name}; made of what `{name} --help` says", f"_{name}() {{",
             '  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}',
             *walk(command, 1, "COMP_CWORD", "${COMP_WORDS[at]}"), "  COMPREPLY=()", '  case "$path $previous" in']
    files = []
    for each in command.all():
        for option in with_values(each):
            pattern = shell_pattern(each.words, option.flags)
            if option.choices:
                lines.append(f"    {pattern}) mapfile -t COMPREPLY < <(compgen -W '{' '.join(option.choices)}' -- \"$word\") && return ;;")
            else:
                files.append(pattern)
    if files:
        lines += [f"    {'|'.join(files)})", "      compopt -o filenames 2>/dev/null", '      mapfile -t COMPREPLY < <(compgen -f -- "$word")',
                  "      return", "      ;;"]
    lines += ["    *) ;;", "  esac", "  local words=", '  case "$path" in']
    for each in command.all():
        lines.append(f"    '{' '.join(each.words)}') words='{' '.join(words_of(each))}' ;;")
    lines += ["    *) ;;", "  esac", '  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")',
              '  if [ ${#COMPREPLY[@]} -eq 0 ] && [[ $word != -* ]]; then',
              "    compopt -o filenames 2>/dev/null", '    mapfile -t COMPREPLY < <(compgen -f -- "$word")', "  fi",
              "}", f"complete -F _{name} {name}"]
    return "\n".join(lines) + "\n"


def quoted(text):
    return text.replace("'", "'\\''")


def zsh(command):
    name = command.words[0]
    lines = [f"#compdef {name}", f"# made of what `{name} --help` says", f"_{name}() {{",
             *walk(command, 2, "CURRENT", "${words[at]}"), "  local -a found", '  case "$path ${words[CURRENT - 1]}" in']
    for each in command.all():
        for option in with_values(each):
            pattern = shell_pattern(each.words, option.flags)
            then = f"compadd -- {' '.join(option.choices)}" if option.choices else "_files"
            lines.append(f"    {pattern}) {then}; return ;;")
    lines += ["    *) ;;", "  esac", '  case "$path" in']
    for each in command.all():
        found = [(sub.words[-1], sub.text) for sub in each.commands]
        found += [(flag, option.text) for option in each.options for flag in option.flags]
        listed = " ".join("'" + quoted(word.replace(":", "\\:") + ":" + text) + "'" for word, text in found)
        lines.append(f"    '{' '.join(each.words)}') found=({listed}) ;;")
    lines += ["    *) ;;", "  esac", "  _describe -o 'words' found", "  [[ ${words[CURRENT]} == -* ]] || _files", "}",
              f"_{name} \"$@\""]
    return "\n".join(lines) + "\n"


def fish(command):
    name = command.words[0]
    lines = [f"# fish completion of {name}; made of what `{name} --help` says"]
    for each in command.all():
        seen = [f"__fish_seen_subcommand_from {word}" for word in each.words[1:]]
        subs = " ".join(sub.words[-1] for sub in each.commands)
        unseen = [f"not __fish_seen_subcommand_from {subs}"] if subs else []
        condition = f" -n '{'; and '.join(seen + unseen)}'" if seen or unseen else ""
        for sub in each.commands:
            lines.append(f"complete -c {name}{condition} -f -a {sub.words[-1]} -d '{fish_quoted(sub.text)}'")
        for option in each.options:
            flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
            value = (f" -x -a '{' '.join(option.choices)}'" if option.choices else " -r") if option.value else ""
            lines.append(f"complete -c {name}{condition} {flags}{value} -d '{fish_quoted(option.text)}'")
    return "\n".join(lines) + "\n"


def fish_quoted(text):
    return text.replace("\\", "\\\\").replace("'", "\\'")


def packed(path, text):
    """Without name and time, so that the same input gives the same bytes."""
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("programs", "version", "settings", "changelog", "output"):
        arguments.add_argument(f"--{name}", required=True)
    given = arguments.parse_args()
    programs, out = pathlib.Path(given.programs), pathlib.Path(given.output)
    changelog = pathlib.Path(given.changelog).read_text()
    last = re.search(r"^ -- .*?>  (.*)$", changelog, re.M)
    date = email.utils.parsedate_to_datetime(last[1]).date().isoformat()
    ponte, ponted = (ask(programs / name, [name], "") for name in ("ponte", "ponted"))
    settings = settings_of(programs / "ponted", pathlib.Path(given.settings))

    for shell in ("bash", "zsh", "fish"):
        (out / shell).mkdir(parents=True, exist_ok=True)
    for command in (ponte, ponted):
        name = command.words[0]
        (out / "bash" / name).write_text(bash(command))
        (out / "zsh" / f"_{name}").write_text(zsh(command))
        (out / "fish" / f"{name}.fish").write_text(fish(command))
    packed(out / "ponte.1.gz", manual(ponte, 1, given.version, date, [".SH SEE ALSO", "\\fBponted\\fR(8)"]))
    packed(out / "ponted.8.gz", manual_of_ponted(ponted, given.version, date, settings))
    packed(out / "changelog.Debian.gz", changelog)
    (out / "ponte.toml").write_text(configuration(settings))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ValueError, OSError, subprocess.CalledProcessError) as problem:
        sys.exit(f"describe: {problem}")
