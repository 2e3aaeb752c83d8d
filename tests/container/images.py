"""Images without Docker: each stage is a layer over this machine's files, and its steps run unchanged in that root.

Needs Linux and root, for `unshare`, overlays and `chroot`. This machine's Python replaces the base image.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.container.dockerfile import Stage, Step, build_context, sources_of, stages_of
from tests.pages import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: How pip finds packages on this machine.
_REGISTRY = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}
_PYTHON = Path(sys.base_prefix) / "bin"
#: Mounts the layers as a root, with an empty /tmp and without the source tree. A command in this root follows.
_ROOT = """\
set -eu
mount -t tmpfs none "$EMPTY"
mkdir "$EMPTY/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$LAYER/files,workdir=$LAYER/work" "$EMPTY/root"
cd "$EMPTY/root"
mount --rbind /dev dev
mount --rbind /proc proc
mount -t tmpfs none tmp
mkdir -p "./$SOURCE"
mount -t tmpfs none "./$SOURCE"
"""
_AS_ROOT = """\
exec chroot . env -i "$@"
"""
#: `read_only`, `tmpfs`, a volume at /data, no capabilities, no new privileges, and the user of the image.
_CONFINED = """\
for each in $TMPFS; do mount -t tmpfs -o "${each#*:}" none "./${each%%:*}"; done
mount --bind "$DATA" data
mount -o remount,bind,ro .
exec chroot . setpriv --reuid "${USER%:*}" --regid "${USER#*:}" --clear-groups --no-new-privs --bounding-set=-all \\
    --inh-caps=-all env -i "$@"
"""


def can_build() -> bool:
    """Return whether a test may mount and change the root on this machine."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv", "chroot"))):
        return False
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


@dataclass(frozen=True)
class Images:
    """The stages of the Dockerfile, each with a folder for its layer."""

    folder: Path
    stages: Mapping[str, Stage]

    @classmethod
    def build(cls, folder: Path) -> Images:
        """Run every step of every stage; the first one that fails is an error with its output."""
        text = (PROJECT / "Dockerfile").read_text("utf-8")
        images = cls(folder, stages_of(text, f"{_PYTHON}:/usr/local/bin:/usr/bin:/bin"))
        for name in ("empty", "base/files", "base/work"):
            (folder / name).mkdir(parents=True)
        # All users may run the Python of a base image; this machine's may be in a user's home folder.
        opened = " ".join(shlex.quote(str(each)) for each in [*_PYTHON.parents][:-1])
        images._run("base", Step("RUN", f"chmod o+x {opened}", {"PATH": "/usr/bin:/bin"}, "/"))
        for stage in images.stages.values():
            parent = stage.parent if stage.parent in images.stages else "base"
            subprocess.run(["cp", "-a", folder / parent, folder / stage.name], check=True)
            for step in stage.steps:
                images._play(stage, step)
        return images

    def files(self, stage: str) -> Path:
        """Return the folder with the files that a stage and its parents add."""
        return self.folder / stage / "files"

    def command(self, stage: str, *words: str, data: Path, tmpfs: Sequence[str], variables: Mapping[str, str]) -> Any:
        """Return the arguments of `Popen` for a container of this stage, confined as in `compose.yaml`."""
        image = self.stages[stage]
        given = [f"{name}={value}" for name, value in {**image.variables, **variables}.items()]
        settings = {"DATA": str(data), "TMPFS": " ".join(tmpfs), "USER": image.user}
        inside = ["sh", "-c", 'cd "$0" && exec "$@"', image.folder, *words]
        return {"args": ["unshare", "--mount", "sh", "-c", _ROOT + _CONFINED, "sh", *given, *inside]} | {
            "env": {**os.environ, **self._mounts(stage), **settings}
        }

    def _mounts(self, stage: str) -> dict[str, str]:
        return {"LAYER": str(self.folder / stage), "EMPTY": str(self.folder / "empty"), "SOURCE": str(PROJECT)}

    def _play(self, stage: Stage, step: Step) -> None:
        if step.instruction == "RUN":
            self._run(stage.name, step)
            return
        origin, sources, target = sources_of(step)
        to = self.files(stage.name) / (Path(step.folder) / target).relative_to("/")
        if origin:
            (source,) = sources
            shutil.copytree(self.files(origin) / source.lstrip("/"), to, symlinks=True, dirs_exist_ok=True)
            return
        assert sources == ["."]
        for file in build_context():
            copy = to / file.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)

    def _run(self, stage: str, step: Step) -> None:
        variables = {**_REGISTRY, **step.variables, "HOME": "/tmp"}  # noqa: S108  # empty, and only in this root
        given = [f"{name}={value}" for name, value in variables.items()]
        inside = ["sh", "-c", f'cd "$0" && {step.words}', step.folder]
        ended = subprocess.run(
            ["unshare", "--mount", "sh", "-c", _ROOT + _AS_ROOT, "sh", *given, *inside],
            env={**os.environ, **self._mounts(stage)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{stage}: RUN {step.words}\n{ended.stdout}\n{ended.stderr}"
