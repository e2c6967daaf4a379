"""A cancel always takes, also where a callee swallows it."""

import asyncio

from store.cancel import ended, heed_cancel


async def swallowing():
    """What the driver does when a cancel and a result meet."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return


def test_a_loop_heeds_the_cancel_that_its_callee_swallowed():
    """One cancel is enough for a loop that looks."""

    async def loop():
        while True:
            await swallowing()
            heed_cancel()

    async def main():
        task = asyncio.create_task(loop())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=1)
        return task.cancelled()

    assert asyncio.run(main())


def test_tasks_that_lose_a_cancel_are_cancelled_again():
    """`ended` returns only when they have ended, and in short time."""

    async def stubborn():
        await swallowing()
        await asyncio.sleep(60)

    async def main():
        tasks = {asyncio.create_task(stubborn()) for _ in range(3)}
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await ended(set(tasks))
        return all(task.cancelled() for task in tasks)

    assert asyncio.run(main())
