/*
 * A node of cardboard for tests of the driver, the daemons around it, and a
 * client: each daemon is a child, told what to do through its socket, one
 * letter a wish. It is included once, by a test that has a main() of its own.
 */
#ifndef FOB_TESTS_CARDBOARD_H
#define FOB_TESTS_CARDBOARD_H

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/driver.h"
#include "daemon/host/log.h"
#include "proto/frame.h"
#include "proto/secret.h"

/* --- the node --------------------------------------------------------------- */

struct node {
	uint32_t rows[TABLES], blobs;
	uint32_t client; /* the last that spoke, for what comes later */
	char address[64];
	bool started;
	uint8_t transport[KEY_SIZE]; /* secret; by vault of the test */
};

static uint8_t node_number; /* which of the two daemons this child is */

struct node *node_new(const struct node_config *config UNUSED)
{
	struct node *node = calloc(1, sizeof(*node));
	memset(node->transport, node_number + 1, KEY_SIZE);
	return node;
}

void node_free(struct node *node)
{
	free(node);
}

static void say(struct effects *effects, enum effect_type type, uint32_t conn,
		const char *text)
{
	effects_take(effects, type, conn, (uint8_t *)strdup(text),
		     strlen(text));
}

static void reply(struct node *node, struct effects *effects, const char *text)
{
	say(effects, EFFECT_REPLY, node->client, text);
}

static struct bytes text_bytes(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static void put(struct effects *effects, const char *key)
{
	effects_put(effects, TABLE_LOCAL, text_bytes(key), text_bytes("v"));
}

static void put_items(struct effects *effects)
{
	for (uint32_t i = 0; i < 3; i++) {
		uint8_t key[4] = { 0, 0, 0, (uint8_t)(i + 1) };
		effects_put(effects, TABLE_ITEM, BYTES(key),
			    text_bytes("item"));
		if (i == 1)
			effects_put(effects, TABLE_BLOB, BYTES(key),
				    text_bytes("blob"));
	}
}

static void give_keys(const struct node *node, struct effects *effects)
{
	struct effect_keys *keys = calloc(1, sizeof(*keys));

	memset(keys->vault_id, 9, sizeof(keys->vault_id));
	memcpy(keys->transport_secret, node->transport, KEY_SIZE);
	crypto_scalarmult_base(keys->transport_public, node->transport);
	effects_take(effects, EFFECT_KEYS, 0, (uint8_t *)keys, sizeof(*keys));
}

static void dial(struct effects *effects, const char *address)
{
	struct effect *effect = effects_add(effects, EFFECT_DIAL);
	uint8_t secret[KEY_SIZE];

	memset(secret, 2, sizeof(secret)); /* always the second daemon */
	crypto_scalarmult_base(effect->remote, secret);
	effect->conn = CONN_DIALED | 5;
	snprintf(effect->address, sizeof(effect->address), "%s", address);
}

static void ask_kdf(struct effects *effects)
{
	struct effect *effect = effects_add(effects, EFFECT_KDF);

	effect->token = 77;
	effect->data = (uint8_t *)strdup("passphrase");
	effect->data_len = 10;
	effect->secret = true;
	effect->passes = 1;
	effect->memory = 64 * 1024;
}

static void ask_load(struct effects *effects)
{
	uint32_t seqs[3] = { 1, 2, 9 };
	struct effect *effect = effects_add(effects, EFFECT_LOAD);

	effect->token = 4;
	effect->data = malloc(sizeof(seqs));
	effect->data_len = sizeof(seqs);
	memcpy(effect->data, seqs, sizeof(seqs));
}

static void count(struct node *node, struct effects *effects)
{
	char line[100];

	snprintf(line, sizeof(line), "local %u item %u blob %u holder %u",
		 node->rows[TABLE_LOCAL], node->rows[TABLE_ITEM], node->blobs,
		 node->rows[TABLE_HOLDER]);
	reply(node, effects, line);
}

/* So many answers of 64 KiB each. */
static void reply_much(struct node *node, struct effects *effects, int n)
{
	for (int i = 0; i < n; i++)
		effects_take(effects, EFFECT_REPLY, node->client,
			     calloc(1, FRAME_MAX), FRAME_MAX);
}

static int wish(struct node *node, const struct event *event,
		struct effects *effects)
{
	uint8_t key[4] = { 0, 0, 0, 1 };
	char arg[64];

	node->client = event->conn;
	snprintf(arg, sizeof(arg), "%.*s", (int)event->data.n - 1,
		 (const char *)event->data.p + 1);
	switch (event->data.p[0]) {
	case 'p':
		put(effects, arg);
		reply(node, effects, "put");
		return 0;
	case 'i':
		put_items(effects);
		ask_load(effects); /* sees what this step has written */
		return 0;
	case 's':
		effects_soft(effects, TABLE_HOLDER, BYTES(key),
			     text_bytes("mask"));
		reply(node, effects, "soft");
		return 0;
	case 'n':
		count(node, effects);
		return 0;
	case 'a':
		reply(node, effects, node->address);
		return 0;
	case 'k':
		ask_kdf(effects);
		return 0;
	case 't':
		effects_add(effects, EFFECT_TIMER)->number = event->mono + 50;
		return 0;
	case 'd':
		put(effects, "never");
		reply(node, effects, "never");
		return -EIO;
	case 'w':
		reply(node, effects, "bye");
		effects_add(effects, EFFECT_WIPE);
		return 0;
	case 'D':
		dial(effects, arg);
		return 0;
	case 'm':
		say(effects, EFFECT_SEND, CONN_DIALED | 5, arg);
		return 0;
	case 'c':
		say(effects, EFFECT_SEND, CONN_DIALED | 5, "last");
		effects_add(effects, EFFECT_CLOSE)->conn = CONN_DIALED | 5;
		return 0;
	case 'b':
		reply_much(node, effects, atoi(arg));
		return 0;
	case 'M':
		effects_add(effects, EFFECT_MEET_LISTEN)->number = 1;
		reply(node, effects, "meet");
		return 0;
	}
	return 0;
}

static void loaded(struct node *node, const struct event *event,
		   struct effects *effects)
{
	char line[100];

	snprintf(line, sizeof(line), "%u: %zu %zu, %zu %zu, %zu %zu",
		 event->token, event->loaded[0].row.n, event->loaded[0].blob.n,
		 event->loaded[1].row.n, event->loaded[1].blob.n,
		 event->loaded[2].row.n, event->loaded[2].blob.n);
	reply(node, effects, line);
}

static void peer_message(struct node *node, const struct event *event,
			 struct effects *effects)
{
	char line[100];

	snprintf(line, sizeof(line), "got %.*s", (int)event->data.n,
		 (const char *)event->data.p);
	/* The one that was dialled answers, the other tells its client. */
	say(effects, event->conn & CONN_DIALED ? EFFECT_REPLY : EFFECT_SEND,
	    event->conn & CONN_DIALED ? node->client : event->conn, line);
}

static void meet(struct node *node, const struct event *event,
		 struct effects *effects)
{
	(void)node;
	if (event->type != EVENT_MEET_BYTES)
		return;
	struct effect *effect = effects_add(effects, EFFECT_MEET_SEND);
	effect->conn = event->conn;
	effect->data = malloc(event->data.n);
	effect->data_len = event->data.n;
	memcpy(effect->data, event->data.p, event->data.n);
	effects_add(effects, EFFECT_CLOSE)->conn = event->conn;
}

int node_step(struct node *node, const struct event *event,
	      struct effects *effects)
{
	effects_clear(effects);
	switch (event->type) {
	case EVENT_ROW:
		node->rows[event->table]++;
		node->blobs += event->token;
		return 0;
	case EVENT_START:
		give_keys(node, effects);
		return 0;
	case EVENT_LISTENING:
		if (event->n_addresses)
			snprintf(node->address, sizeof(node->address), "%s",
				 event->addresses[0]);
		return 0;
	case EVENT_CLIENT:
		return wish(node, event, effects);
	case EVENT_TIMER:
		reply(node, effects, "tick");
		return 0;
	case EVENT_LOADED:
		loaded(node, event, effects);
		return 0;
	case EVENT_KDF:
		reply(node, effects,
		      event->token == 77 && !sodium_is_zero(event->kdf, 32) ?
			      "key" :
			      "no key");
		return 0;
	case EVENT_PEER_UP:
		if (event->conn & CONN_DIALED)
			reply(node, effects, "up");
		return 0;
	case EVENT_PEER_MESSAGE:
		peer_message(node, event, effects);
		return 0;
	case EVENT_PEER_DOWN:
		if (event->conn & CONN_DIALED)
			reply(node, effects, event->dialed ? "failed" : "down");
		return 0;
	default:
		meet(node, event, effects);
		return 0;
	}
}

/* --- daemons ---------------------------------------------------------------- */

static char base[64];
static pid_t pids[2];
static bool quiet; /* of a child that has something to complain of */

_Noreturn static void child(int number)
{
	static struct driver driver;
	static struct config config;
	char vault[100], path[100];
	char *argv[] = { "fobd", "--vault",  vault,	    "--socket",
			 path,	 "--listen", "127.0.0.1:0", NULL };

	node_number = (uint8_t)number;
	snprintf(vault, sizeof(vault), "%s/%d", base, number);
	snprintf(path, sizeof(path), "%s/%d.sock", base, number);
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_ERROR);
	if (quiet && !freopen("/dev/null", "w", stderr))
		_exit(9);
	config_init(&config);
	if (config_arguments(&config, 7, argv) || config_defaults(&config) ||
	    start_driver(&driver, &config))
		_exit(1);
	loop_run(driver.loop);
	start_deinit(&driver);
	secret_deinit();
	exit(0);
}

static void start(int number)
{
	pids[number] = fork();
	assert_true(pids[number] >= 0);
	if (pids[number] == 0)
		child(number);
}

static int end(int number, int by)
{
	int status;

	if (by)
		kill(pids[number], by);
	assert_int_equal(waitpid(pids[number], &status, 0), pids[number]);
	pids[number] = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int set_up(void **state UNUSED)
{
	snprintf(base, sizeof(base), "/tmp/fob-driver-XXXXXX");
	assert_non_null(mkdtemp(base));
	pids[0] = pids[1] = 0;
	start(0);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	char line[100];

	for (int i = 0; i < 2; i++)
		if (pids[i] > 0)
			end(i, SIGKILL);
	snprintf(line, sizeof(line), "rm -rf %s", base);
	assert_int_equal(system(line), 0);
	return 0;
}

/* --- a client --------------------------------------------------------------- */

static int dial_daemon(int number)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%d.sock", base,
		 number);
	for (int i = 0; i < 500; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		assert_true(fd >= 0);
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) ==
		    0)
			return fd;
		close(fd);
		usleep(10000);
	}
	fail_msg("no daemon at %s", address.sun_path);
	return -1;
}

static void tell(int fd, const char *text)
{
	uint8_t frame[200];
	size_t n = strlen(text);

	frame_header(frame, n);
	memcpy(frame + FRAME_HEADER, text, n);
	assert_int_equal(write(fd, frame, n + FRAME_HEADER), n + FRAME_HEADER);
}

/* The next message, or "" at the end of the stream. */
static const char *hear(int fd)
{
	static char text[200];
	uint8_t header[FRAME_HEADER];
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	if (poll(&poll_fd, 1, 10000) != 1)
		return "(silence)";
	if (recv(fd, header, sizeof(header), MSG_WAITALL) != FRAME_HEADER)
		return "";
	size_t n = header[3];
	assert_true(recv(fd, text, n, MSG_WAITALL) == (ssize_t)n);
	text[n] = '\0';
	return text;
}

static void ask(int fd, const char *what, const char *answer)
{
	tell(fd, what);
	assert_string_equal(hear(fd), answer);
}

#endif
