"""Words and constructions that stay out of what readers of English as a second language read here.

A rule is a pattern that is looked for in each sentence, with a sentence that breaks it and one that keeps it.
"""

import re
from typing import NamedTuple

from tests.sentences import NUMBER, PLACE


class Rule(NamedTuple):
    """`pattern` breaks the rule, except in a sentence where `unless` is found."""

    pattern: str
    breaks: str
    keeps: str
    unless: str = r"(?!)"


def _any(words: str) -> str:
    return "(?:" + "|".join(words.split()) + ")"


_QUESTION = r"\?[\"'”)*_]*$"
_STEMS = _any("""
    organ normal optim (?:de)?quant initial recogn summar parallel serial general special synchron real minim
    maxim vector token util final emphas visual local material""")
_UNITS = _any("""
    bytes bits ms µs MB kB KB GB TB numbers tokens seconds minutes milliseconds threads warps codes FLOPs?
    decibels dB weights heads points units lines registers columns rows blocks pages instructions words users
    activations statistics epochs steps samples values requests questions submissions sums cells solutions""")
_THINGS = _any("""
    scale grid copy thread row block warp object trace color process number code value byte bit pair barrier
    line panel vector class launch kernel file cell key query request question token dict list page word
    column dot answer figure buffer""")
_OWNERS = _any("""
    token value row layer step tensor channel block head user second minute hour GPU card thread page
    parameter weight number turn request prompt sequence sample epoch question student notebook submission
    machine core process file run key group column item bar batch element launch lane warp task kernel pair
    place rank node matrix word bit byte figure unit network decision round model line pass worker replica
    load read access operation instruction clock cycle product seed person class assignment stage level
    position digit image point object test chunk rate cell""")
# "the seconds a user thinks": a clause of its own.
_CLAUSE = "(?! " + _any("""
    of is was spends waits thinks takes reads writes asks has holds may can could might needs gets works
    computes sent go goes""") + r"\b)"  # fmt: skip

RULES = {
    "a condition begins with if or when, not with its verb": Rule(
        r"^(?:Is|Are|Was|Were|Has|Had|Does|Did|Can|Could|Should|Would|Will) (?!nothing)\S+ .*,"
        r"|[;:–] (?:is|are|was|were|has|had|does|did|should) "
        r"(?:the|an?|it|there|this|that|they|you|no|one|all) .*,"
        r"|, (?:were|had|should|be) (?:it|he|she|they|the|there|an?|this|that|you|we) ",
        "Is the engine busy then, it goes as soon as the engine is free.",
        "When the engine is busy, it goes as soon as the engine is free. Does it wait, and why?",
        _QUESTION,
    ),
    "per, for each one": Rule(
        rf"\b(?i:{_UNITS}) an? {_OWNERS}\b{_CLAUSE}"
        rf"|\b(?:one|two|three|four|five|an?|\d+|many|more|most) (?:[\w-]+ )?{_THINGS} "
        rf"an? (?:{_OWNERS}|{NUMBER})\b{_CLAUSE}"
        rf"|^(?:An?|One) {_THINGS} an? {_OWNERS}\b"
        rf"|(?<=\S )(?<!With )(?:{PLACE}|\d+) an? {_OWNERS}\b{_CLAUSE}"
        rf"|\b(?:once|twice|times) an? (?!second|minute|hour|turn){_OWNERS}\b",
        "It needs 8 bytes a token and one scale a tensor.",
        "It needs 8 bytes per token, ten times a second, in all the seconds a user thinks.",
    ),
    "those who, the request that: who never stands alone": Rule(
        r"(?:^|[;:(–—] |\b(?:to|from|than|for|with|by|of|but) )[Ww]ho\b"
        r"(?! (?:\S+ ){1,4}(?:what|when|where|how|which|whom|whose)\b)",
        "Who finds no more room is sent back.",
        "The request that finds no more room is sent back; the picture shows who touched what.",
        _QUESTION,
    ),
    "the subject stands before its verb": Rule(
        r"(?:^|[,;:] )(?:[Ss]o|as|[Nn]or) (?:is|are|does|do|has|have|had|was|were|did|can|will) "
        r"|^[A-Z](?:\w+ed|one|hown|ept|iven|een|eft|rawn|ritten|uilt|aken|eant) (?:is|are|was|were) ",
        "Compared are the lines of solution cells.",
        "The lines of solution cells are compared, and so on.",
        _QUESTION,
    ),
    "a plain word for a rare one": Rule(
        r"\b"
        + _any("""
        anew dearer dearest whatsoever hence thereof hereof whereof herein wherein therein whereby lest albeit
        notwithstanding henceforth thenceforth amongst whence thence thrice nought naught amiss shall upon""")
        + r"\b|\b(?:save for|but for|be it|as it were)\b",
        "The cache is computed anew.",
        "The cache is computed again.",
    ),
    "not a number, for no number": Rule(
        r"\b(?:is|are|be) no (?:number|time|name|file|place|class|whole number)\b",
        "Infinity times zero is no number.",
        "Infinity times zero is not a number, and there is no number left.",
        r"\b[Tt]here (?:is|are|will be)\b",
    ),
    "what is shown needs no praise": Rule(
        r"\b"
        + _any(r"""
        powerful amazing(?:ly)? incredibl[ey] blazing(?:ly)? seamless(?:ly)? cutting-edge state-of-the-art
        revolutionary revolutioniz\w+ game-chang\w+ effortless(?:ly)? simply obvious(?:ly)? elegant(?:ly)?
        unleash\w* leverag\w+ delv(?:e|es|ing) supercharg\w+ world-class best-in-class lightning-fast stunning
        awesome exciting superb(?:ly)? wonderful(?:ly)? fantastic magnificent brilliant(?:ly)?
        utiliz(?:e|es|ing)""")
        + r"\b|\bof course\b|\w!(?:\s|$)|[\U0001F000-\U0001FAFF\u2600-\u26FF\u2705\u274C\u2728]",
        "This powerful kernel is simply faster!",
        "This kernel takes half the time; utilization counts from the first arrival.",
    ),
    "American spelling": Rule(
        r"(?i)\b"
        + _any(r"""
        \w*(?:colour|behaviour|neighbour|favour|honour|flavour)\w* centre[sd]? metres? litres? fibres? grey\w*
        labell(?:ed|ing) modell(?:ed|ing) cancell(?:ed|ing) travell\w+ signall(?:ed|ing) whilst programmes?
        licence\w* defences? offences? analys(?:e|ed|es|ing) catalogues? judgements?
        """)
        + rf"\b|\b{_STEMS}is(?:e|ed|es|ing|ation|ations)\b",
        "Quantisation and its neighbours are analysed.",
        "Quantization and its neighbors are analyzed, with data parallelism, as a realist would.",
    ),
    "no contraction and no Latin": Rule(
        r"\b\w+(?:n't|n’t|'re|'ll|'ve|’re|’ll|’ve)\b|\b[eE]․g․|\b[iI]․e․|\betc\b|\bviz\b",
        "It doesn't round, e.g. at a tie.",
        "It does not round, for example at a tie.",
    ),
}


def broken(text: str) -> list[str]:
    """The names of the rules that a sentence breaks."""
    return [
        name
        for name, rule in RULES.items()
        if re.search(rule.pattern, text) and not re.search(rule.unless, text)
    ]
