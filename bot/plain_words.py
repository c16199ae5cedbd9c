"""Whether a message is a plain yes or a plain no, in the words people use."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_YES: Final = """
yes, yep, yeah, yup, y, ok, okay, k, sure, fine, allow, allowed, allow it, approve, approved, accept, accepted
agreed, yes please, yes do it, do it, please do, go, go ahead, go for it, go on, sounds good, looks good, lgtm, ok do it
ship it
ja, jo, jep, jawohl, klar, gerne, genau, mach, mach das, mach es, ja bitte, ja gerne, in ordnung, passt, einverstanden
oui, ouais, d'accord, vas-y, allez-y, oui vas-y, bien sûr, ça marche, oui s'il te plaît, oui s'il vous plaît
sí, si, vale, claro, dale, adelante, sí por favor, de acuerdo, por supuesto, hazlo
sim, pode, pode fazer, faz isso, sim por favor, sì, va bene, certo, procedi, fallo, ja graag, prima, akkoord, doe maar
tak, jasne, dobrze, zgoda, да, ага, хорошо, давай, ок, так, добре, evet, olur, tamam
はい, うん, いいよ, お願いします, 好, 好的, 可以, 是, 行, 네, 예, 그래, 좋아요, हाँ, हां, ठीक है, نعم, تمام, כן, בסדר
"""

_NO: Final = """
no, nope, nah, n, deny, denied, reject, rejected, cancel, don't, dont, never, no way, not now, better not, rather not
no thanks, no thank you, don't do it, do not, do not do it, please don't, no don't
nein, nö, nee, ne, nicht, nein danke, lieber nicht, bitte nicht, lass das, lass es, auf keinen fall
non, non merci, surtout pas, pas maintenant, no gracias, mejor no, no lo hagas, para nada
não, nao, não obrigado, não obrigada, melhor não, no grazie, meglio di no, non farlo, nee bedankt, liever niet
niet doen, nie, nie dzięki, нет, не надо, ні, hayır, yok
いいえ, いや, だめ, やめて, 不, 不要, 不行, 不可以, 아니요, 아니, 안돼, नहीं, لا, לא
"""

_YES_MARKS = frozenset("👍✅✔☑🆗👌")
_NO_MARKS = frozenset("👎❌✖🚫⛔✋")
_YES_NAMES = frozenset({"+1", "thumbsup", "white_check_mark", "heavy_check_mark", "ok", "ok_hand"})
_NO_NAMES = frozenset({"-1", "thumbsdown", "x", "no_entry", "no_entry_sign", "heavy_multiplication_x"})
_POLITE = frozenset(
    {"", "please", "thanks", "thank you", "thx", "ty", "cheers", "bitte", "danke", "merci", "gracias", "por favor"}
    | {"obrigado", "obrigada", "grazie", "per favore", "dank je", "спасибо", "пожалуйста", "谢谢", "ありがとう"}
)
"""Said besides, which changes nothing."""
_BETWEEN_CLAUSES = re.compile(r"[,;.!\n，。！、]+")
_LONGEST = 40
"""Characters of a message that may be a plain answer."""


def plain_answer(text: str) -> bool | None:
    """True for a plain yes, False for a plain no, None for everything else."""
    text = text.strip()
    if not text or len(text) > _LONGEST or "?" in text or "？" in text:
        return None
    if (named := _named_emoji(text)) is not None:
        return named
    marks = {char for char in text if not (char.isspace() or unicodedata.category(char) in ("Mn", "Sk", "Cf"))}
    for known, meant in ((_YES_MARKS, True), (_NO_MARKS, False)):
        if marks <= known:
            return meant
    answer = _meant(_bare(text))
    said = {_meant(clause) for clause in map(_bare, _BETWEEN_CLAUSES.split(text)) if clause not in _POLITE}
    if answer is None and len(said) == 1:
        [answer] = said
    return None if answer and _NO_MARKS & marks else answer


def _meant(phrase: str) -> bool | None:
    return True if phrase in _YES_PHRASES else False if phrase in _NO_PHRASES else None


def _named_emoji(text: str) -> bool | None:
    """An emoji as Slack writes it, such as `:+1::skin-tone-2:`."""
    if not (text.startswith(":") and text.endswith(":")):
        return None
    name = text[1:].partition(":")[0]
    return True if name in _YES_NAMES else False if name in _NO_NAMES else None


def _bare(text: str) -> str:
    """The words alone: no case, no marks around them, one kind of apostrophe."""
    folded = unicodedata.normalize("NFC", text).casefold().replace("’", "'")
    kept = (char if char.isalnum() or char in "'-" or unicodedata.category(char)[0] == "M" else " " for char in folded)
    return " ".join("".join(kept).split())


_YES_PHRASES = frozenset(_bare(phrase) for phrase in _YES.replace("\n", ",").split(",")) - {""}
_NO_PHRASES = frozenset(_bare(phrase) for phrase in _NO.replace("\n", ",").split(",")) - {""}
