/*
 * What the driver obeys, in which order, and what happens when a step fails.
 */
#include "tests/unit/cardboard.h"

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
