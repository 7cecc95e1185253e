"""Emulated boards: C for bare metal, built by cross compilers and run in QEMU, its instructions counted."""

from chipsmith.codegen.boards.board import Board, Tool
from chipsmith.codegen.boards.catalogue import BOARDS, find_board
from chipsmith.codegen.boards.emulate import BoardRun, run_module

__all__ = ["BOARDS", "Board", "BoardRun", "Tool", "find_board", "run_module"]
