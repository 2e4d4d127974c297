"""The peers of `npm run bench:pii`: reads {"id", "text"} lines, writes their finds. Python because they are.

Presidio runs without a language model: its pattern recognisers, and a blank spaCy pipeline whose words serve its context
scoring. National ids that it knows under other languages are added, since the test set has several languages.
"""
import json
import os
import sys
import tempfile
import time
from importlib.metadata import version

import spacy
import tldextract
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from presidio_analyzer import predefined_recognizers as known

KINDS = {
    "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "IP_ADDRESS": "ip", "CREDIT_CARD": "card", "IBAN_CODE": "iban", "US_SSN": "ssn",
    "UK_NHS": "national-id", "ES_NIF": "national-id", "ES_NIE": "national-id", "IT_FISCAL_CODE": "national-id", "PL_PESEL": "national-id",
    "FI_PERSONAL_IDENTITY_CODE": "national-id", "DE_TAX_ID": "national-id",
}
# Presidio takes an address for one only if its domain ends as the public suffix list says. The list comes with the package
# (nothing is fetched), and the names reserved for tests and examples are added, since the test set has no others.
tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), extra_suffixes=("example", "test"))

OTHER_COUNTRIES = ["EsNifRecognizer", "EsNieRecognizer", "ItFiscalCodeRecognizer", "PlPeselRecognizer", "FiPersonalIdentityCodeRecognizer", "DeTaxIdRecognizer"]


class Words(NlpEngine):
    """Words and no model: lemmas are the words in lower case."""

    def __init__(self):
        self.nlp = spacy.blank("en")

    def load(self):
        pass

    def is_loaded(self):
        return True

    def process_text(self, text, language):
        doc = self.nlp(text)
        return NlpArtifacts(entities=[], tokens=doc, tokens_indices=[t.idx for t in doc], lemmas=[t.text.lower() for t in doc], nlp_engine=self, language=language)

    def process_batch(self, texts, language, **kwargs):
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word, language):
        return self.nlp.vocab[word].is_stop

    def is_punct(self, word, language):
        return self.nlp.vocab[word].is_punct

    def get_supported_entities(self):
        return []

    def get_supported_languages(self):
        return ["en"]


def presidio():
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    registry.remove_recognizer("SpacyRecognizer")
    for name in OTHER_COUNTRIES:
        if hasattr(known, name):
            registry.add_recognizer(getattr(known, name)(supported_language="en"))
    engine = AnalyzerEngine(registry=registry, nlp_engine=Words(), supported_languages=["en"])
    return lambda text: [
        {"kind": KINDS[r.entity_type], "start": r.start, "end": r.end, "score": r.score}
        for r in engine.analyze(text=text, language="en") if r.entity_type in KINDS
    ]


def detect_secrets(text):
    """As its command does: a file, read line by line, with the default plugins and filters."""
    with open(FILE, "w", encoding="utf-8") as file:
        file.write(text)
    finds = []
    lines = text.splitlines(keepends=True)
    for secret in scan_file(FILE):
        value = secret.secret_value
        start = lines[secret.line_number - 1].find(value)
        if start >= 0:
            at = sum(len(line) for line in lines[: secret.line_number - 1]) + start
            kind = "url-credentials" if secret.type == "Basic Auth Credentials" else "secret"
            finds.append({"kind": kind, "start": at, "end": at + len(value), "score": 1.0})
    return finds


def utf16(text, finds):
    """Offsets as JavaScript counts them."""
    if all(ord(c) < 0x10000 for c in text):
        return finds
    place = [0]
    for c in text:
        place.append(place[-1] + (2 if ord(c) > 0xFFFF else 1))
    return [{**f, "start": place[f["start"]], "end": place[f["end"]]} for f in finds]


FILE = os.path.join(tempfile.mkdtemp(), "text.txt")
rows = [json.loads(line) for line in sys.stdin]
engine = presidio()
engine(rows[0]["text"])
with default_settings():
    for name, package, find in [("Presidio", "presidio-analyzer", engine), ("detect-secrets", "detect-secrets", detect_secrets)]:
        began = time.perf_counter()
        found = [find(row["text"]) for row in rows]
        seconds = time.perf_counter() - began
        finds = {row["id"]: utf16(row["text"], f) for row, f in zip(rows, found)}
        print(json.dumps({"peer": f"{name} {version(package)}", "seconds": seconds, "finds": finds}))
