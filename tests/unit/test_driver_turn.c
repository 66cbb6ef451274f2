/*
 * The driver around a node of cardboard: what it obeys, in which order, and
 * what happens when a step fails. Each daemon is a child; the test talks to
 * it through its socket, one letter a wish.
 */
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

/* --- tests ------------------------------------------------------------------ */

static void what_is_answered_is_on_disk(void **state UNUSED)
{
	int fd = dial_daemon(0);

	ask(fd, "n", "local 0 item 0 blob 0 holder 0");
	for (int i = 0; i < 5; i++) {
		char wish_text[24];
		snprintf(wish_text, sizeof(wish_text), "pkey-%d", i);
		ask(fd, wish_text, "put");
	}
	assert_int_equal(end(0, SIGKILL), -SIGKILL);
	close(fd);
	start(0);
	fd = dial_daemon(0);
	ask(fd, "n", "local 5 item 0 blob 0 holder 0");
	close(fd);
	assert_int_equal(end(0, SIGTERM), 0);
}

static void reads_see_the_writes_of_their_step(void **state UNUSED)
{
	int fd = dial_daemon(0);

	ask(fd, "i", "4: 4 0, 4 4, 0 0");
	assert_int_equal(end(0, SIGKILL), -SIGKILL);
	close(fd);
	start(0);
	fd = dial_daemon(0);
	/* An item tells at start whether its blob is there. */
	ask(fd, "n", "local 0 item 3 blob 1 holder 0");
	close(fd);
}

static void failed_step_sends_and_writes_nothing(void **state UNUSED)
{
	int fd = dial_daemon(0);

	ask(fd, "pfirst", "put");
	tell(fd, "d");
	assert_string_equal(hear(fd), "");
	close(fd);
	assert_int_equal(end(0, 0), 1);
	/* The socket of the dead daemon is in the way of nobody. */
	start(0);
	fd = dial_daemon(0);
	ask(fd, "n", "local 1 item 0 blob 0 holder 0");
	close(fd);
}

static void soft_rows_are_written_at_a_clean_end(void **state UNUSED)
{
	int fd = dial_daemon(0);

	ask(fd, "s", "soft");
	close(fd);
	assert_int_equal(end(0, SIGTERM), 0);
	start(0);
	fd = dial_daemon(0);
	ask(fd, "n", "local 0 item 0 blob 0 holder 1");
	close(fd);
}

static void passphrases_and_timers_come_back(void **state UNUSED)
{
	int fd = dial_daemon(0);

	ask(fd, "k", "key");
	ask(fd, "t", "tick");
	tell(fd, "k");
	tell(fd, "k");
	assert_string_equal(hear(fd), "key");
	assert_string_equal(hear(fd), "key");
	close(fd);
}

static void second_daemon_says_that_one_runs(void **state UNUSED)
{
	int fd = dial_daemon(0);
	pid_t first = pids[0];

	quiet = true;
	start(0);
	quiet = false;
	assert_int_equal(end(0, 0), 1);
	pids[0] = first;
	ask(fd, "n", "local 0 item 0 blob 0 holder 0");
	close(fd);
}

static void left_vault_is_wiped(void **state UNUSED)
{
	int fd = dial_daemon(0);
	struct stat st;
	char path[100];

	ask(fd, "px", "put");
	ask(fd, "w", "bye");
	close(fd);
	assert_int_equal(end(0, 0), 0);
	snprintf(path, sizeof(path), "%s/0/store", base);
	assert_int_equal(lstat(path, &st), -1);
}

static void bad_frames_end_the_connection(void **state UNUSED)
{
	static const uint8_t bad[][4] = { { 0, 0, 0, 0 },
					  { 255, 255, 255, 255 },
					  { 0, 1, 0, 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int fd = dial_daemon(0);
		assert_int_equal(write(fd, bad[i], 4), 4);
		assert_string_equal(hear(fd), "");
		close(fd);
	}
	int fd = dial_daemon(0);
	ask(fd, "pstill", "put");
	close(fd);
}

static void peers_meet_over_a_channel(void **state UNUSED)
{
	char address[64], wish_text[80];

	start(1);
	int other = dial_daemon(1);
	tell(other, "a");
	snprintf(address, sizeof(address), "%s", hear(other));
	assert_memory_equal(address, "127.0.0.1:", 10);
	int fd = dial_daemon(0);
	snprintf(wish_text, sizeof(wish_text), "D%s", address);
	ask(fd, wish_text, "up");
	ask(fd, "mhello", "got got hello");
	/* What was sent before a close arrives; then it is down, once. */
	ask(fd, "c", "down");
	ask(fd, wish_text, "up");
	assert_int_equal(end(1, SIGTERM), 0);
	assert_string_equal(hear(fd), "down");
	/* Nobody is there any more. */
	ask(fd, wish_text, "failed");
	ask(fd, "D127.0.0.1", "failed");
	ask(fd, "Dlocalhost:1", "failed");
	close(fd);
	close(other);
	assert_int_equal(end(0, SIGTERM), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(what_is_answered_is_on_disk),
		TEST(reads_see_the_writes_of_their_step),
		TEST(failed_step_sends_and_writes_nothing),
		TEST(soft_rows_are_written_at_a_clean_end),
		TEST(passphrases_and_timers_come_back),
		TEST(second_daemon_says_that_one_runs),
		TEST(left_vault_is_wiped),
		TEST(bad_frames_end_the_connection),
		TEST(peers_meet_over_a_channel),
	};
	umask(077);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
