#include "client/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int signals[] = { SIGINT,	SIGTERM, SIGHUP,
			       SIGQUIT, SIGTSTP, SIGALRM };

/* What a handler may write: which signal came, 0: none. */
static volatile sig_atomic_t caught;

struct terminal {
	int fd;
	bool echo;
	const char *leave; /* said at the end, or NULL */
	struct termios before;
	struct sigaction handlers[ARRAY_SIZE(signals)];
};

static void catch (int number)
{
	caught = number;
}

static void watch_signals(struct terminal *t)
{
	struct sigaction action = { .sa_handler = catch };
	size_t i;

	caught = 0;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, &t->handlers[i]);
}

static void say(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t done = write(fd, text, n);

		if (done <= 0)
			return;
		text += done;
		n -= (size_t)done;
	}
}

/* Puts all back, and lets a signal do now what it came for. */
static void restore(struct terminal *t)
{
	size_t i;

	if (t->leave)
		say(t->fd, t->leave);
	if (!t->echo)
		tcsetattr(t->fd, TCSAFLUSH, &t->before);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &t->handlers[i], NULL);
	close(t->fd);
	if (caught)
		raise(caught);
}

static int begin(struct terminal *t, bool echo)
{
	struct termios silent;

	t->leave = NULL;
	t->fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->fd < 0)
		return PROMPT_ERR_TERMINAL;
	t->echo = echo;
	if (tcgetattr(t->fd, &t->before) != 0) {
		close(t->fd);
		return PROMPT_ERR_TERMINAL;
	}
	watch_signals(t);
	if (echo)
		return 0;
	silent = t->before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	tcsetattr(t->fd, TCSAFLUSH, &silent);
	return 0;
}

/*
 * Until something can be read or a signal has come. A read alone would miss
 * one that comes just before it, and wait for ever.
 */
static void wait_for_input(int fd)
{
	struct pollfd poll = { .fd = fd, .events = POLLIN };
	sigset_t ours, before;
	size_t i;

	sigemptyset(&ours);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&ours, signals[i]);
	sigprocmask(SIG_BLOCK, &ours, &before);
	if (!caught)
		(void)ppoll(&poll, 1, NULL, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Reads to the end of the line even when it does not fit. */
static int read_line(int fd, uint8_t *ret, size_t size, size_t *ret_n)
{
	size_t n = 0;
	uint8_t c;

	for (;;) {
		ssize_t got;

		wait_for_input(fd);
		if (caught)
			return -EINTR;
		got = read(fd, &c, 1);
		if (got < 0 && errno == EINTR && !caught)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return PROMPT_ERR_END;
		if (c == '\n')
			break;
		if (n < size)
			ret[n] = c;
		n++;
	}
	if (n > size)
		return PROMPT_ERR_LONG;
	*ret_n = n;
	return 0;
}

bool prompt_possible(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static int ask(const char *question, bool echo, uint8_t *ret, size_t size,
	       size_t *ret_n)
{
	struct terminal t;
	int r = begin(&t, echo);

	if (r != 0)
		return r;
	say(t.fd, question);
	r = read_line(t.fd, ret, size, ret_n);
	if (!echo || r != 0)
		say(t.fd, "\n");
	restore(&t);
	if (r != 0)
		sodium_memzero(ret, size);
	return r;
}

int prompt_secret(const char *question, uint8_t *ret, size_t size,
		  size_t *ret_n)
{
	return ask(question, false, ret, size, ret_n);
}

int prompt_line(const char *question, char *ret, size_t size)
{
	size_t n;
	int r = ask(question, true, (uint8_t *)ret, size - 1, &n);

	if (r == 0)
		ret[n] = '\0';
	return r;
}

bool prompt_yes(const char *question)
{
	char answer[16];
	struct terminal t;
	size_t n = 0;
	int r = begin(&t, true);

	if (r != 0)
		return false;
	say(t.fd, question);
	say(t.fd, " [y/N] ");
	r = read_line(t.fd, (uint8_t *)answer, sizeof(answer), &n);
	restore(&t);
	return r == 0 && n > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}

/* --- pages ------------------------------------------------------------------- */

enum key { KEY_OTHER, KEY_ON, KEY_BACK, KEY_END };

/* The other screen of the terminal, and this one again. */
#define ENTER "\033[?1049h"
#define LEAVE "\033[?1049l"
#define CLEAR "\033[H\033[2J"

static enum key read_key(int fd)
{
	char c[8];
	ssize_t n;

	wait_for_input(fd);
	if (caught)
		return KEY_END;
	n = read(fd, c, sizeof(c));
	if (n <= 0)
		return KEY_END;
	if (n >= 3 && c[0] == '\033')
		return c[2] == 'C' || c[2] == 'B' ? KEY_ON :
		       c[2] == 'D' || c[2] == 'A' ? KEY_BACK :
						    KEY_OTHER;
	if (strchr(" nl\r\n", c[0]) && c[0])
		return KEY_ON;
	if (strchr("pbh\177", c[0]) && c[0])
		return KEY_BACK;
	return c[0] == 'q' || c[0] == '\004' ? KEY_END : KEY_OTHER;
}

/* A key at a time, and none of them shown; signals come as before. */
static void set_keys(const struct terminal *t)
{
	struct termios keys = t->before;

	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	tcsetattr(t->fd, TCSAFLUSH, &keys);
}

static int turn(struct terminal *t, size_t n,
		int (*draw)(void *context, size_t i), void *context)
{
	enum key key = KEY_ON;
	size_t i = 0;
	int r = 0;

	while (i < n && key != KEY_END && !caught) {
		if (key != KEY_OTHER) {
			say(t->fd, CLEAR);
			r = draw(context, i);
		}
		if (r != 0)
			return r;
		key = read_key(t->fd);
		if (key == KEY_ON)
			i++;
		else if (key == KEY_BACK && i > 0)
			i--;
	}
	return 0;
}

int prompt_pages(size_t n, int (*draw)(void *context, size_t i), void *context)
{
	struct terminal t;
	int r = begin(&t, false);

	if (r != 0)
		return -ENOTTY;
	t.leave = LEAVE;
	say(t.fd, ENTER);
	set_keys(&t);
	r = turn(&t, n, draw, context);
	restore(&t);
	return r;
}
