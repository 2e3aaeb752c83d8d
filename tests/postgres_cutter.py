"""A proxy in front of PostgreSQL that cuts the connection at a chosen statement, as a dying server does."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

PASSWORD = "cut-password-4711"
#: The end of each of the server's answers: `ReadyForQuery` with the state of the transaction.
_READY = b"Z\x00\x00\x00\x05"
#: In a pipeline, the server keeps its answers until the client asks for them.
_LONGEST_ANSWER_SECONDS = 0.3


@dataclass
class Cutter:
    """`with Cutter(database_url, 3, is_answer_lost=False) as cutter:` cuts at the third message of `cutter.url`."""

    database_url: str
    cut_at: int  #: counted from 1; what a client sends in one piece is one message
    is_answer_lost: bool  #: whether the server still gets the message
    stays_down: bool = True  #: whether later connections are refused
    messages: int = 0
    has_cut: bool = False
    _open: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._close_all()
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        """The URL of the database through the proxy."""
        parts = urlsplit(self.database_url)
        port = self._listener.getsockname()[1]
        options = "sslmode=disable&gssencmode=disable"
        return f"postgresql://{parts.username}:{PASSWORD}@127.0.0.1:{port}{parts.path}?{options}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.has_cut and self.stays_down:
                    client.close()
                    continue
                self._threads.append(threading.Thread(target=self._serve, args=[client]))
                self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        parts = urlsplit(self.database_url)
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.{parts.port or 5432}")
        self._open += [client, server]
        is_dropping = threading.Event()
        answers = threading.Thread(target=self._answer, args=[server, client, is_dropping])
        answers.start()
        with contextlib.suppress(OSError), client, server:
            while message := client.recv(1 << 20):
                with self._lock:
                    self.messages += 1
                    is_cut = self.messages == self.cut_at
                if is_cut and self.is_answer_lost:
                    is_dropping.set()
                if not is_cut or self.is_answer_lost:
                    server.sendall(message)
                if is_cut:
                    if self.is_answer_lost:
                        answers.join(_LONGEST_ANSWER_SECONDS)
                    self.has_cut = True
                    if self.stays_down:
                        self._close_all()
                    break
            for each in (client, server):
                each.shutdown(socket.SHUT_RDWR)
        answers.join()

    @staticmethod
    def _answer(server: socket.socket, client: socket.socket, is_dropping: threading.Event) -> None:
        """Pass answers on; while they are dropped, return at the end of one."""
        with contextlib.suppress(OSError):
            while piece := server.recv(1 << 20):
                if not is_dropping.is_set():
                    client.sendall(piece)
                elif piece[-6:-1] == _READY:
                    return

    def _close_all(self) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
