"""Staged clinical cases: what they are, what is asked about them and how they are answered."""

from service.cases.cases import SYNTHETIC, Case, Panel, Patient, Result, Stage, Status
from service.cases.errors import BadCase
from service.cases.loading import case_files, load, load_case
from service.cases.protocol import Protocol, ProtocolQuestion, ProtocolStage, load_protocol

__all__ = [
    "SYNTHETIC",
    "BadCase",
    "Case",
    "Panel",
    "Patient",
    "Protocol",
    "ProtocolQuestion",
    "ProtocolStage",
    "Result",
    "Stage",
    "Status",
    "case_files",
    "load",
    "load_case",
    "load_protocol",
]
