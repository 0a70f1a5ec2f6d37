"""What people answer to a text when they want no more of them.

When in doubt it is a stop: START repairs a wrong guess, and nothing repairs the other. A test states the
rates over two hundred phrases. Source of the keywords that carriers and Twilio know:
https://help.twilio.com/articles/223134027
"""

import re
import unicodedata
from enum import StrEnum


class Wish(StrEnum):
    """What an incoming text asks for."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"
    NOTHING = "NOTHING"


def _listed(words: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in words.replace("\n", ",").split(",") if one.strip())


# Alone they are a wish, whatever the case, accents and marks around them.
STOP_WORDS = frozenset(
    _listed("""
    stop, stopall, stop all, unsubscribe, cancel, end, quit, revoke, optout, opt out, remove, arret, stop sms
    stop sms now, alto, pare, parar, basta, cancelar, baja, darse de baja, sair, stopp, abmelden, abbestellen
    ende, desabonner, desinscription, ferma, annulla, cancellami, disiscrivimi, stoppen, afmelden, wypisz
    rezygnuje, 退订, 取消, 停止, 配信停止
    """)
)
START_WORDS = frozenset(_listed("start, unstop, restart, resubscribe, subscribe"))
HELP_WORDS = frozenset(_listed("help, info, hilfe, ayuda, aide, aiuto, ajuda"))

# A text that begins with one of these is a wish, whatever follows; * stands for the end of a word.
STOP_PHRASES = _listed("""
    remove me, remove my, take me off, take my number, take this number, delete my number, delete me
    lose my number, get me off, stop texting, stop sending, stop messaging, stop contacting, stop calling
    stop it, stop this, stop these, stop the text*, stop the mess*, stop the sms, stop all, stop spamming
    stop bothering, stop now, stop please, stop harassing, stop thank*, stop im, stop i, stop stop, stop or
    stop msg*, stop messages, stop text*, stop your, no more, unsubscribe*, opt me out, opt out
    leave me alone, do not contact, do not text, do not call, do not message, do not send, dont contact
    dont text, dont call, dont message, dont send, never contact, never text, never call, not interested
    i want to stop, i want to unsubscribe, i want out, i want off, i do not want, i dont want, i no longer
    i wish to unsubscribe, i would like to stop, i would like to unsubscribe, id like to stop, wrong number
    you have the wrong number, quit texting, quit sending, quit calling, cease, enough, spam, end this
    cancel these, cancel all, cancel my subscription, cancel texts
    no mas, ya no, dejen de, deje de, deja de, no me, no quiero, borrame, borren*, quiten*
    quiero darme de baja, dar de baja, darme de baja, denme de baja, numero equivocado, cancelen
    keine weiteren, keine sms, keine nachrichten, nicht mehr, hort auf, horen sie auf, hor auf
    lassen sie mich, lasst mich, loschen sie, melden sie mich ab, ich mochte keine
    ich will keine, ich mochte nicht mehr
    arretez, arrete, ne me, plus de, desabonnez, desinscri*, retirez, supprimez, je ne veux plus
    pare de, parem de, nao me, nao quero, remova*, remover, me tire
    non contatt*, non voglio, basta, cancellate, rimuov*, smett*, toglietemi, non mi
    stop met, geen sms, geen berichten, haal me, verwijder*, ik wil geen, laat me met rust
""")

_BEGINNINGS = tuple(one[:-1] if one.endswith("*") else f"{one} " for one in STOP_PHRASES)
_APOSTROPHES = "\u0027\u2019\u2018\u0060\u00b4"
_POLITE = re.compile(
    r"(?:(?:please|pls|plz|hi|hello|hey|ok|okay|just|can you|could you|would you|kindly|sorry|thanks"
    r"|bitte|por favor|s il vous plait|svp|per favore|alstublieft|hallo|hola|bonjour)\s+)+"
)


def read_wish(body: str, opt_out_type: str = "") -> Wish:
    """What a text asks for.

    Args:
        body: its words, in any case and with any marks.
        opt_out_type: `OptOutType` where Twilio's Advanced Opt-Out has judged already, else empty.
    """
    if opt_out_type in {Wish.STOP, Wish.START, Wish.HELP}:
        return Wish(opt_out_type)
    said = _plain(body)
    bare = _POLITE.sub("", f"{said} ", count=1).strip() or said
    for words, wish in (
        (STOP_WORDS, Wish.STOP),
        (START_WORDS, Wish.START),
        (HELP_WORDS, Wish.HELP),
    ):
        if said in words or bare in words:
            return wish
    return Wish.STOP if _begins_with_stop(bare) else Wish.NOTHING


def _begins_with_stop(said: str) -> bool:
    return f"{said} ".startswith(_BEGINNINGS)


def _plain(body: str) -> str:
    """Lower case without accents, apostrophes and marks; words apart by one space."""
    apart = unicodedata.normalize("NFKD", body.casefold())
    bare = "".join(
        one for one in apart if not unicodedata.combining(one) and one not in _APOSTROPHES
    )
    return " ".join(re.findall(r"\w+", bare))
