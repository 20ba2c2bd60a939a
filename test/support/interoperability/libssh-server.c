/* An SSH server of libssh's: PORT HOST_KEY USER AUTHORIZED_KEYS PASSWORD. A process of its own serves each connection. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { max_channels = 64, block = 32768 };

/* A command, or a connection that is forwarded: what it reads is `in`, what it writes `out`, and `err` of a command. */
struct channel {
    ssh_channel channel;
    int in, out, err;
    pid_t child;
    char *waiting;
    size_t waiting_size;
    int input_ended;
};

static struct channel *channels[max_channels];
static const char *user, *password;
static const struct passwd *account;
static ssh_key authorized;
static int methods = SSH_AUTH_METHOD_PUBLICKEY | SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_INTERACTIVE;

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* What comes for standard input waits here until it is taken. */
static int on_data(ssh_session session, ssh_channel of, void *data, uint32_t size, int is_stderr, void *place)
{
    struct channel *channel = place;
    if (channel->in >= 0) {
        channel->waiting = realloc(channel->waiting, channel->waiting_size + size);
        memcpy(channel->waiting + channel->waiting_size, data, size);
        channel->waiting_size += size;
    }
    return size;
}

static void on_eof(ssh_session session, ssh_channel of, void *place)
{
    ((struct channel *)place)->input_ended = 1;
}

static void on_close(ssh_session session, ssh_channel of, void *place)
{
    struct channel *channel = place;
    close_fd(&channel->in);
    close_fd(&channel->out);
    close_fd(&channel->err);
    channel->child = -1;
}

static void feed(struct channel *channel)
{
    ssize_t written = channel->waiting_size == 0 ? 0 : write(channel->in, channel->waiting, channel->waiting_size);
    if (written > 0) {
        channel->waiting_size -= written;
        memmove(channel->waiting, channel->waiting + written, channel->waiting_size);
    }
    if (written < 0 && errno != EAGAIN)
        channel->waiting_size = 0;
    if (channel->input_ended && channel->waiting_size == 0) {
        if (channel->child == 0)
            shutdown(channel->in, SHUT_WR);
        close_fd(&channel->in);
    }
}

/* No more than the other side has room for: a write beyond it would hold everything else up. */
static void pump(struct channel *channel, int *fd)
{
    char bytes[block];
    uint32_t room = ssh_channel_window_size(channel->channel);
    if (room == 0)
        return;
    ssize_t got = read(*fd, bytes, room < block ? room : block);
    if (got > 0 && fd == &channel->err)
        ssh_channel_write_stderr(channel->channel, bytes, got);
    else if (got > 0)
        ssh_channel_write(channel->channel, bytes, got);
    else if (got == 0 || errno != EAGAIN)
        close_fd(fd);
}

/* Tells the ending of what has sent all its output; whether it has ended. */
static int finish(struct channel *channel)
{
    int status = 0;
    if (channel->child > 0 && waitpid(channel->child, &status, WNOHANG) == 0)
        return 0;
    if (channel->child > 0 && WIFSIGNALED(status))
        ssh_channel_request_send_exit_signal(channel->channel, sigabbrev_np(WTERMSIG(status)), 0, "", "");
    else if (channel->child > 0)
        ssh_channel_request_send_exit_status(channel->channel, WEXITSTATUS(status));
    ssh_channel_send_eof(channel->channel);
    ssh_channel_close(channel->channel);
    close_fd(&channel->in);
    free(channel->waiting);
    channel->waiting_size = 0;
    return 1;
}

static struct channel *open_channel(ssh_channel of)
{
    int at = 0;
    while (at < max_channels && channels[at] != NULL)
        at += 1;
    if (at == max_channels)
        return NULL;
    /* Not given back: libssh may tell of a close after the ending. */
    struct channel *channel = channels[at] = malloc(sizeof *channel);
    *channel = (struct channel){.channel = of, .in = -1, .out = -1, .err = -1};
    ssh_channel_callbacks callbacks = calloc(1, sizeof *callbacks);
    ssh_callbacks_init(callbacks);
    callbacks->userdata = channel;
    callbacks->channel_data_function = on_data;
    callbacks->channel_eof_function = on_eof;
    callbacks->channel_close_function = on_close;
    ssh_set_channel_callbacks(of, callbacks);
    return channel;
}

static void run(const char *command, int in, int out, int err)
{
    dup2(in, 0);
    dup2(out, 1);
    dup2(err, 2);
    closefrom(3);
    setsid();
    signal(SIGPIPE, SIG_DFL);
    if (initgroups(user, account->pw_gid) != 0 || setgid(account->pw_gid) != 0 || setuid(account->pw_uid) != 0)
        _exit(126);
    char *path = getenv("PATH");
    clearenv();
    setenv("PATH", path, 1);
    setenv("HOME", account->pw_dir, 1);
    setenv("USER", user, 1);
    setenv("SHELL", account->pw_shell, 1);
    if (chdir(account->pw_dir) == 0)
        execl("/bin/bash", "bash", "-c", command, NULL);
    _exit(127);
}

static int nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

static int start(ssh_channel of, const char *command)
{
    int in[2], out[2], err[2];
    struct channel *channel = open_channel(of);
    if (channel == NULL || pipe(in) != 0 || pipe(out) != 0 || pipe(err) != 0)
        return 0;
    channel->child = fork();
    if (channel->child == 0)
        run(command, in[0], out[1], err[1]);
    close(in[0]);
    close(out[1]);
    close(err[1]);
    channel->in = nonblocking(in[1]);
    channel->out = nonblocking(out[0]);
    channel->err = nonblocking(err[0]);
    return channel->child > 0;
}

static int dial(const char *host, int port)
{
    char service[16];
    struct addrinfo *to, hints = {.ai_socktype = SOCK_STREAM};
    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(host, service, &hints, &to) != 0)
        return -1;
    int fd = socket(to->ai_family, SOCK_STREAM, 0);
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0)
        close_fd(&fd);
    freeaddrinfo(to);
    return fd;
}

static int forward(ssh_message message)
{
    int fd = dial(ssh_message_channel_request_open_destination(message),
                  ssh_message_channel_request_open_destination_port(message));
    ssh_channel of = fd < 0 ? NULL : ssh_message_channel_request_open_reply_accept(message);
    struct channel *channel = of == NULL ? NULL : open_channel(of);
    if (channel == NULL)
        return 0;
    channel->in = nonblocking(fd);
    channel->out = dup(fd);
    return 1;
}

static int authenticate(ssh_session session, ssh_message message)
{
    const char *prompts[] = {"Code:"}, *given;
    char echo[] = {0};
    int subtype = ssh_message_subtype(message);
    int is_answer = subtype == SSH_AUTH_METHOD_INTERACTIVE && ssh_message_auth_kbdint_is_response(message);
    ssh_message_auth_set_methods(message, methods);
    /* An answer names nobody: its question was for the user. */
    if (!is_answer && strcmp(ssh_message_auth_user(message), user) != 0)
        return 0;
    switch (subtype) {
    case SSH_AUTH_METHOD_PUBLICKEY:
        if (ssh_key_cmp(ssh_message_auth_pubkey(message), authorized, SSH_KEY_CMP_PUBLIC) != 0)
            return 0;
        if (ssh_message_auth_publickey_state(message) == SSH_PUBLICKEY_STATE_NONE)
            return ssh_message_auth_reply_pk_ok_simple(message) == SSH_OK;
        if (ssh_message_auth_publickey_state(message) != SSH_PUBLICKEY_STATE_VALID)
            return 0;
        break;
    case SSH_AUTH_METHOD_PASSWORD:
        if (strcmp(ssh_message_auth_password(message), password) != 0)
            return 0;
        break;
    case SSH_AUTH_METHOD_INTERACTIVE:
        if (!is_answer)
            return ssh_message_auth_interactive_request(message, "", "", 1, prompts, echo) == SSH_OK;
        given = ssh_userauth_kbdint_getnanswers(session) == 1 ? ssh_userauth_kbdint_getanswer(session, 0) : NULL;
        if (given == NULL || strcmp(given, password) != 0)
            return 0;
        break;
    default:
        return 0;
    }
    return ssh_message_auth_reply_success(message, 0) == SSH_OK;
}

/* 0 where the message is answered, 1 where libssh is to refuse it. */
static int on_message(ssh_session session, ssh_message message, void *place)
{
    int type = ssh_message_type(message), subtype = ssh_message_subtype(message), done = 0;
    if (type == SSH_REQUEST_AUTH)
        done = authenticate(session, message);
    else if (type == SSH_REQUEST_CHANNEL_OPEN && subtype == SSH_CHANNEL_SESSION)
        done = ssh_message_channel_request_open_reply_accept(message) != NULL;
    else if (type == SSH_REQUEST_CHANNEL_OPEN && subtype == SSH_CHANNEL_DIRECT_TCPIP)
        done = forward(message);
    else if (type == SSH_REQUEST_CHANNEL && subtype == SSH_CHANNEL_REQUEST_EXEC)
        done = start(ssh_message_channel_request_channel(message), ssh_message_channel_request_command(message)) &&
               ssh_message_channel_request_reply_success(message) == SSH_OK;
    return done ? 0 : 1;
}

/* Only wakes the loop, which looks at everything. */
static int on_ready(socket_t fd, int events, void *place)
{
    return 0;
}

static int watched[3 * max_channels], watching;

static void watch(ssh_event event, int fd, short events)
{
    if (fd >= 0 && ssh_event_add_fd(event, fd, events, on_ready, NULL) == SSH_OK)
        watched[watching++] = fd;
}

static void move(struct channel *channel)
{
    if (channel->in >= 0)
        feed(channel);
    if (channel->out >= 0)
        pump(channel, &channel->out);
    if (channel->err >= 0)
        pump(channel, &channel->err);
}

static void turn(ssh_event event)
{
    int ending = 0;
    for (int at = 0; at < max_channels; at += 1) {
        struct channel *channel = channels[at];
        if (channel == NULL)
            continue;
        move(channel);
        if (channel->out < 0 && channel->err < 0 && finish(channel)) {
            channels[at] = NULL;
            continue;
        }
        int room = ssh_channel_window_size(channel->channel) > 0;
        watch(event, room ? channel->out : -1, POLLIN);
        watch(event, room ? channel->err : -1, POLLIN);
        watch(event, channel->waiting_size > 0 ? channel->in : -1, POLLOUT);
        ending |= channel->out < 0 && channel->err < 0;
    }
    ssh_event_dopoll(event, ending ? 20 : 10000);
    while (watching > 0)
        ssh_event_remove_fd(event, watched[--watching]);
}

static void serve(ssh_session session)
{
    ssh_event event = ssh_event_new();
    ssh_set_auth_methods(session, methods);
    ssh_set_message_callback(session, on_message, NULL);
    if (ssh_handle_key_exchange(session) != SSH_OK)
        return;
    ssh_set_blocking(session, 0);
    ssh_event_add_session(event, session);
    while (ssh_is_connected(session))
        turn(event);
}

int main(int count, char **arguments)
{
    ssh_bind listener = ssh_bind_new();
    if (count != 6)
        return 2;
    user = arguments[3];
    password = arguments[5];
    account = getpwnam(user);
    signal(SIGPIPE, SIG_IGN);
    ssh_bind_options_set(listener, SSH_BIND_OPTIONS_BINDADDR, "127.0.0.1");
    ssh_bind_options_set(listener, SSH_BIND_OPTIONS_BINDPORT_STR, arguments[1]);
    ssh_bind_options_set(listener, SSH_BIND_OPTIONS_HOSTKEY, arguments[2]);
    if (ssh_pki_import_pubkey_file(arguments[4], &authorized) != SSH_OK || ssh_bind_listen(listener) != SSH_OK) {
        fprintf(stderr, "%s\n", ssh_get_error(listener));
        return 1;
    }
    puts("listening");
    fflush(stdout);
    for (;;) {
        ssh_session session = ssh_new();
        if (ssh_bind_accept(listener, session) != SSH_OK)
            return 1;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (fork() == 0) {
            ssh_bind_free(listener);
            serve(session);
            _exit(0);
        }
        ssh_disconnect(session);
        ssh_free(session);
    }
}
