"""An SSH server of python3-paramiko: PORT HOST_KEY USER AUTHORIZED_KEYS PASSWORD."""

import os
import pwd
import socket
import subprocess
import sys
import threading

import paramiko

port, host_key, user, authorized_keys, password = sys.argv[1:]
account = pwd.getpwnam(user)
with open(authorized_keys, encoding="ascii") as lines:
    keys = {line.split()[1] for line in lines if line.strip()}


def allowed(good):
    return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED


def pump(read, write):
    try:
        while data := read(65536):
            write(data)
    except OSError:
        pass


def execute(channel, command):
    child = subprocess.Popen(
        ["/bin/bash", "-c", command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
        user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd=account.pw_dir,
        start_new_session=True,
        env={"HOME": account.pw_dir, "USER": user, "SHELL": account.pw_shell, "PATH": os.environ["PATH"]},
    )

    def feed():
        pump(channel.recv, child.stdin.write)
        child.stdin.close()

    outputs = [
        threading.Thread(target=pump, args=(child.stdout.read, channel.sendall)),
        threading.Thread(target=pump, args=(child.stderr.read, channel.sendall_stderr)),
    ]
    threading.Thread(target=feed, daemon=True).start()
    for output in outputs:
        output.start()
    for output in outputs:
        output.join()
    code = child.wait()
    # paramiko has no message for an ending by a signal: as a shell says it.
    channel.send_exit_status(code if code >= 0 else 128 - code)
    channel.close()


class Server(paramiko.ServerInterface):
    def __init__(self, transport):
        self.transport = transport
        self.forwards = {}

    def get_allowed_auths(self, username):
        return "publickey,password,keyboard-interactive"

    def check_auth_publickey(self, username, key):
        return allowed(username == user and key.get_base64() in keys)

    def check_auth_password(self, username, given):
        return allowed(username == user and given == password)

    def check_auth_interactive(self, username, submethods):
        query = paramiko.InteractiveQuery("", "")
        query.add_prompt("Code:", False)
        return query

    def check_auth_interactive_response(self, responses):
        return allowed(list(responses) == [password])

    def check_channel_request(self, kind, channel_id):
        return paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel, command):
        threading.Thread(target=execute, args=(channel, command), daemon=True).start()
        return True

    def check_channel_direct_tcpip_request(self, channel_id, origin, destination):
        try:
            self.forwards[channel_id] = socket.create_connection(destination)
        except OSError:
            return paramiko.OPEN_FAILED_CONNECT_FAILED
        return paramiko.OPEN_SUCCEEDED


def forward(channel, connection):
    def back():
        pump(connection.recv, channel.sendall)
        channel.close()

    threading.Thread(target=back, daemon=True).start()
    pump(channel.recv, connection.sendall)
    connection.close()


def serve(connection):
    transport = paramiko.Transport(connection)
    transport.add_server_key(paramiko.Ed25519Key(filename=host_key))
    server = Server(transport)
    try:
        transport.start_server(server=server)
    except (EOFError, paramiko.SSHException):
        return
    while transport.is_active():
        channel = transport.accept(60)
        if channel is not None and channel.get_id() in server.forwards:
            connected = server.forwards.pop(channel.get_id())
            threading.Thread(target=forward, args=(channel, connected), daemon=True).start()


with socket.create_server(("127.0.0.1", int(port))) as listener:
    print("listening", flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()
