"""An SSH server of python3-asyncssh: PORT HOST_KEY USER AUTHORIZED_KEYS PASSWORD."""

import asyncio
import os
import pwd
import signal
import sys

import asyncssh

port, host_key, user, authorized_keys, password = sys.argv[1:]
account = pwd.getpwnam(user)


class Server(asyncssh.SSHServer):
    def password_auth_supported(self):
        return True

    def validate_password(self, username, given):
        return username == user and given == password

    def kbdint_auth_supported(self):
        return True

    def get_kbdint_challenge(self, username, lang, submethods):
        return "", "", "", [("Code:", False)]

    def validate_kbdint_response(self, username, responses):
        return username == user and list(responses) == [password]

    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return True


async def pump(source, target):
    while data := await source.read(65536):
        target.write(data)
        await target.drain()


async def feed(source, target):
    try:
        await pump(source, target)
    except (BrokenPipeError, ConnectionResetError, asyncssh.BreakReceived, asyncssh.SignalReceived):
        pass
    target.close()


async def handle(process):
    child = await asyncio.create_subprocess_exec(
        "/bin/bash", "-c", process.command,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd=account.pw_dir,
        start_new_session=True,
        env={"HOME": account.pw_dir, "USER": user, "SHELL": account.pw_shell, "PATH": os.environ["PATH"]},
    )
    feeding = asyncio.create_task(feed(process.stdin, child.stdin))
    try:
        await asyncio.gather(pump(child.stdout, process.stdout), pump(child.stderr, process.stderr))
        code = await child.wait()
    except (BrokenPipeError, ConnectionResetError):
        return
    finally:
        feeding.cancel()
    if code < 0:
        process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))
    else:
        process.exit(code)


async def main():
    await asyncssh.create_server(
        Server, "127.0.0.1", int(port), server_host_keys=[host_key], authorized_client_keys=authorized_keys,
        process_factory=handle, encoding=None, allow_pty=False,
    )
    print("listening", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
