"""Extract a folder of resumes at once, four at a time.

For thousands of files use `extractor run`: it writes each record as soon as it is ready.

python examples/many_documents.py [MODEL]
"""

import asyncio
import sys
from pathlib import Path

import extractor
from schemas import Resume

FOLDER = Path(__file__).parent / "documents/resumes"


async def main(model: str | None) -> None:
    """Print one line per document as it is finished."""
    places = asyncio.Semaphore(4)

    async def read(path: Path) -> str:
        async with places:
            result = await extractor.aextract(path, Resume, model=model)
        if result.error:
            return f"{path.name}: {result.error.message}"
        jobs = ", ".join(position.employer for position in result.record.experience)
        return f"{path.name}: {result.record.name}, {jobs}"

    for finished in asyncio.as_completed([read(path) for path in sorted(FOLDER.iterdir())]):
        print(await finished)


asyncio.run(main(next(iter(sys.argv[1:]), None)))
