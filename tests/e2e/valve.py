"""A cable to a keeper, with a valve in it that counts.

valve.py ADDR:PORT FOLDER: listens on a free port, which it writes into
FOLDER/port. FOLDER/valve says what is done with each connection, read anew all
the time: "open", "hold N" (when N bytes of the keeper have come through, the
rest waits) or "cut N" (then it is cut, and the valve is open). FOLDER/came has
how many bytes of the keeper came through since FOLDER/valve was written.
"""
import asyncio
import os
import sys

target, folder = sys.argv[1:3]
state = {"turned": None, "came": 0}


def valve():
    with open(f"{folder}/valve") as file:
        text = file.read().strip()
        turned = os.fstat(file.fileno()).st_mtime_ns
    if turned != state["turned"]:
        state.update(turned=turned, came=0)
    what, _, limit = text.partition(" ")
    return what, int(limit or 0)


def put(name, number):
    with open(f"{folder}/{name}.new", "w") as file:
        print(number, file=file)
    os.replace(f"{folder}/{name}.new", f"{folder}/{name}")


async def back(reader, writer):
    """From the keeper, as much as the valve lets through."""
    while True:
        what, limit = valve()
        if what == "hold" and state["came"] >= limit:
            await asyncio.sleep(0.01)
            continue
        piece = await reader.read(4096)
        if not piece:
            break
        state["came"] += len(piece)
        writer.write(piece)
        await writer.drain()
        put("came", state["came"])
        if what == "cut" and state["came"] >= limit:
            with open(f"{folder}/valve", "w") as file:
                file.write("open")
            state["turned"] = os.stat(f"{folder}/valve").st_mtime_ns
            break


async def forth(reader, writer):
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()


async def connected(reader, writer):
    host, _, port = target.rpartition(":")
    far, near = await asyncio.open_connection(host, int(port))
    both = [asyncio.create_task(forth(reader, near)),
            asyncio.create_task(back(far, writer))]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    for task in both:
        task.cancel()
    await asyncio.gather(*both, return_exceptions=True)
    near.close()
    writer.close()


async def main():
    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    put("port", server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


asyncio.run(main())
