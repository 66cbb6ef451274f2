/* What strangers, the greedy and the slow get: silence, and a close. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <time.h>

#include "tests/unit/cardboard.h"

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static struct sockaddr_in where(int number)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = dial_daemon(number);

	tell(fd, "a");
	const char *text = hear(fd);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)atoi(strchr(text, ':') + 1));
	close(fd);
	return address;
}

static int dial_tcp(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)address,
				 sizeof(*address)),
			 0);
	return fd;
}

/* Has it been closed within so many ms, without a byte? */
static bool closed(int fd, int ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint8_t byte;

	if (poll(&poll_fd, 1, ms) == 0)
		return false;
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	return true;
}

static void strangers_get_silence_and_a_close(void **state UNUSED)
{
	static const uint8_t first[] = { 0, 2, 4, 'G', 255 };
	struct sockaddr_in address = where(0);

	for (size_t i = 0; i < sizeof(first); i++) {
		int fd = dial_tcp(&address);
		assert_int_equal(send(fd, first + i, 1, 0), 1);
		assert_true(closed(fd, 2000));
		close(fd);
	}
	/* Nonsense instead of a handshake, too. */
	uint8_t noise[400];
	memset(noise, 'x', sizeof(noise));
	noise[0] = 1;
	int fd = dial_tcp(&address);
	assert_true(send(fd, noise, sizeof(noise), 0) > 0);
	assert_true(closed(fd, 2000));
	close(fd);
}

static void pairing_is_taken_only_when_asked_for(void **state UNUSED)
{
	struct sockaddr_in address = where(0);
	int client = dial_daemon(0);
	char answer[6] = "";

	ask(client, "M", "meet");
	int fd = dial_tcp(&address);
	assert_int_equal(send(fd, "\2hello", 6, 0), 6);
	/* The byte that says what it is for is not the core's. */
	assert_int_equal(recv(fd, answer, 5, MSG_WAITALL), 5);
	assert_string_equal(answer, "hello");
	assert_true(closed(fd, 3000));
	close(fd);
	close(client);
}

static void oldest_stranger_makes_place(void **state UNUSED)
{
	struct sockaddr_in address = where(0);
	int fds[HALF_OPEN_MAX + 3];
	size_t n = ARRAY_SIZE(fds);

	for (size_t i = 0; i < n; i++)
		fds[i] = dial_tcp(&address);
	for (size_t i = 0; i < 3; i++)
		assert_true(closed(fds[i], 2000));
	for (size_t i = 3; i < n; i++)
		assert_false(closed(fds[i], 30));
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

static void friend_gets_in_through_a_crowd(void **state UNUSED)
{
	int fds[200];
	char wish_text[80];

	start(1);
	struct sockaddr_in address = where(1);
	int client = dial_daemon(0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fds[i], (struct sockaddr *)&address, sizeof(address));
	}
	uint64_t began = now_ms();
	snprintf(wish_text, sizeof(wish_text), "D127.0.0.1:%u",
		 ntohs(address.sin_port));
	tell(client, wish_text);
	assert_string_equal(hear(client), "up");
	/* 2 s is the promise; the machine may be slow, and sanitized. */
	assert_true(now_ms() - began < 4000);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	close(client);
}

static void handshake_has_ten_seconds_in_all(void **state UNUSED)
{
	struct sockaddr_in address = where(0);
	uint64_t began = now_ms();
	int silent = dial_tcp(&address), slow = dial_tcp(&address);

	assert_int_equal(send(slow, "\1", 1, 0), 1);
	/* A byte now and then keeps nobody in. */
	for (int i = 0; i < 8; i++) {
		assert_false(closed(slow, 1000));
		assert_int_equal(send(slow, "x", 1, MSG_NOSIGNAL), 1);
	}
	assert_true(closed(slow, 4000));
	assert_true(closed(silent, 1000));
	assert_true(now_ms() - began >= HANDSHAKE_MS - 100);
	assert_true(now_ms() - began < HANDSHAKE_MS + 2000);
	close(silent);
	close(slow);
}

static void clients_are_counted(void **state UNUSED)
{
	int fds[CLIENTS_MAX + 1];

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		fds[i] = dial_daemon(0);
		ask(fds[i], "px", "put");
	}
	fds[CLIENTS_MAX] = dial_daemon(0);
	assert_false(closed(fds[CLIENTS_MAX], 300));
	close(fds[0]);
	ask(fds[CLIENTS_MAX], "px", "put");
	fds[0] = dial_daemon(0);
	for (size_t i = 0; i <= CLIENTS_MAX; i++)
		close(fds[i]);
}

static void long_answers_arrive_and_endless_ones_end(void **state UNUSED)
{
	static uint8_t buffer[FRAME_MAX];
	int fd = dial_daemon(0);
	size_t got = 0;

	tell(fd, "b100");
	while (got < 100 * (FRAME_MAX + FRAME_HEADER)) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
		assert_true(n > 0);
		got += (size_t)n;
	}
	ask(fd, "px", "put");
	tell(fd, "b300"); /* over 16 MiB, and nobody reads it */
	usleep(200000);
	got = 0;
	for (ssize_t n = 1; n > 0 && got < 300 * (size_t)FRAME_MAX;
	     got += (size_t)n)
		n = recv(fd, buffer, sizeof(buffer), 0);
	assert_true(got < 300 * (size_t)FRAME_MAX);
	close(fd);
	fd = dial_daemon(0);
	ask(fd, "px", "put");
	close(fd);
}

/* Another user gets nothing, even where the file lets them in. */
static void other_users_are_refused(void **state UNUSED)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	int status;

	close(dial_daemon(0));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/0.sock", base);
	assert_int_equal(stat(address.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	if (geteuid() != 0) {
		print_message("skipped: only root can become another user\n");
		return;
	}
	assert_int_equal(chmod(base, 0755), 0);
	assert_int_equal(chmod(address.sun_path, 0666), 0);
	pid_t pid = fork();
	if (pid == 0) {
		uint8_t frame[5] = { 0, 0, 0, 1, 'n' }, byte;
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (setuid(12345) ||
		    connect(fd, (struct sockaddr *)&address, sizeof(address)))
			_exit(2);
		send(fd, frame, sizeof(frame), MSG_NOSIGNAL);
		_exit(recv(fd, &byte, 1, 0) <= 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(strangers_get_silence_and_a_close),
		TEST(pairing_is_taken_only_when_asked_for),
		TEST(oldest_stranger_makes_place),
		TEST(friend_gets_in_through_a_crowd),
		TEST(handshake_has_ten_seconds_in_all),
		TEST(clients_are_counted),
		TEST(long_answers_arrive_and_endless_ones_end),
		TEST(other_users_are_refused),
	};
	umask(0); /* ours decides, whoever starts us */
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
