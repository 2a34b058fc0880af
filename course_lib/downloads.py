"""Public files, downloaded once, checked by their sums and kept; or one clear line why not."""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from course_lib.errors import UserError
from course_lib.notebook.progress import Progress


def fetch(
    what: str, sums: Mapping[str, str], mirrors: Sequence[str], folder: Path | str | None, instead: str
) -> list[Path]:
    """Paths of the files in `sums` (name: "algorithm:digest"), from the first mirror that has all of them.

    They lie in `folder`, the user's cache folder unless given. Raises UserError in one line when no mirror
    could be used or the files cannot be kept; `instead` says what needs no network.
    """
    import pooch
    from requests.exceptions import RequestException

    folder = Path(folder) if folder else Path(pooch.os_cache("course_lib")) / what.lower().replace(" ", "_")
    refusals = []
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # pooch announces each file on stderr
    try:
        for mirror in mirrors:
            files = pooch.create(folder, base_url=mirror, registry=dict(sums), retry_if_failed=1)
            try:
                return [Path(files.fetch(name, downloader=_download)) for name in sums]
            except RequestException as error:
                status = f"HTTP {error.response.status_code}" if error.response is not None else ""
                refusals.append(f"{urlsplit(mirror).netloc}: {status or type(error).__name__}")
            except ValueError:
                algorithm = next(iter(sums.values())).split(":")[0].upper()
                refusals.append(f"{urlsplit(mirror).netloc}: a file with a wrong {algorithm} sum")
    except OSError as error:
        raise UserError(f"cannot keep {what} in {folder} ({error}): make room, or use {instead}") from None
    finally:
        logger.setLevel(level)
    raise UserError(
        f"{what} could not be downloaded ({'; '.join(refusals)}): check the network and try again, "
        f"or use {instead}, which needs no network"
    )


def fetch_from(url: str, sha256: str, what: str, folder: Path | str | None, instead: str) -> Path:
    """The file at an address that the user names, as `fetch` keeps it once its SHA-256 sum is right.

    Raises UserError in one line for an address without a file, for a sum that is none, and as `fetch` does.
    """
    mirror, _, name = url.rpartition("/")
    if not re.match(r"https?://.", mirror) or not name:
        raise UserError(
            f"a mirror's address begins with https:// and ends with a file's name, unlike {url!r}"
        )
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise UserError(f"a SHA-256 sum has 64 hexadecimal digits, unlike {sha256!r}")
    return fetch(what, {name: f"sha256:{sha256.lower()}"}, [f"{mirror}/"], folder, instead)[0]


def _download(url: str, output_file: str, pup: object) -> None:
    import pooch

    bar = Progress(0, f"downloading {url.rsplit('/', 1)[-1]}")
    pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 16, timeout=(5, 60))(url, output_file, pup)
