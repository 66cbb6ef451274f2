/* Log, notify, harden, clocks, passphrases into keys. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/host/clock.h"
#include "daemon/host/harden.h"
#include "daemon/host/kdf.h"
#include "daemon/host/log.h"
#include "daemon/host/notify.h"
#include "proto/base.h"
#include "proto/secret.h"

/* What a line looks like on stderr. */
static void expect_line(enum log_level level, const char *text,
			const char *expected)
{
	char got[2 * LOG_LINE_MAX] = "";
	int fds[2], old = dup(STDERR_FILENO);

	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	dup2(fds[1], STDERR_FILENO);
	log_line(level, "%s", text);
	dup2(old, STDERR_FILENO);
	close(old);
	close(fds[1]);
	ssize_t n = read(fds[0], got, sizeof(got) - 1);
	got[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	assert_string_equal(got, expected);
}

static void lines_have_a_level(void **state UNUSED)
{
	char endless[2 * LOG_LINE_MAX];

	unsetenv("JOURNAL_STREAM");
	expect_line(LOG_LEVEL_INFO, "served", "fobd: served\n");
	expect_line(LOG_LEVEL_ERROR, "no", "fobd: error: no\n");
	expect_line(LOG_LEVEL_DEBUG, "hidden", "");
	log_set_level(LOG_LEVEL_ERROR);
	expect_line(LOG_LEVEL_WARN, "hidden", "");
	log_set_level(LOG_LEVEL_INFO);
	/* A name from outside moves no cursor and makes no second line. */
	expect_line(LOG_LEVEL_INFO, "a\nb\033[2Jc\x7f", "fobd: a?b?[2Jc?\n");
	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	char cut[LOG_LINE_MAX + 16] = "fobd: ";
	memset(cut + 6, 'x', LOG_LINE_MAX - 1);
	memcpy(cut + 6 + LOG_LINE_MAX - 1, "\n", 2);
	expect_line(LOG_LEVEL_INFO, endless, cut);
}

static void journal_gets_priorities(void **state UNUSED)
{
	char name[] = "/tmp/fob-journal-XXXXXX", stream[64], got[64] = "";
	struct stat st;
	int fd = mkstemp(name), old = dup(STDERR_FILENO);

	assert_int_equal(fstat(fd, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu",
		 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	dup2(fd, STDERR_FILENO);
	log_warn("full");
	dup2(old, STDERR_FILENO);
	unsetenv("JOURNAL_STREAM");
	assert_int_equal(pread(fd, got, sizeof(got) - 1, 0), 8);
	assert_string_equal(got, "<4>full\n");
	close(fd);
	close(old);
	unlink(name);
}

static void readiness_is_a_datagram(void **state UNUSED)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char got[32] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	assert_int_equal(notify_send("READY=1"), 0); /* nobody to tell */
	snprintf(address.sun_path, sizeof(address.sun_path),
		 "/tmp/fob-notify-%d", (int)getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	assert_int_equal(notify_send("READY=1"), 0);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 7);
	assert_string_equal(got, "READY=1");
	close(fd);
	unlink(address.sun_path);
	/* Linux: a name without a file begins with NUL, written "@". */
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	int n = snprintf(address.sun_path, sizeof(address.sun_path),
			 "@fob-notify-%d", (int)getpid());
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	address.sun_path[0] = '\0';
	assert_int_equal(
		bind(fd, (struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				 (size_t)n)),
		0);
	assert_int_equal(notify_send("STOPPING=1"), 0);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 10);
	close(fd);
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_int_equal(notify_send("READY=1"), -EINVAL);
	unsetenv("NOTIFY_SOCKET");
}

static void sockets_are_handed_over(void **state UNUSED)
{
	struct notify_fd found[NOTIFY_FDS_MAX];
	char pid[16];

	/* Descriptors 3 and 4 have to be free, so this is a child's work. */
	pid_t child = fork();
	if (child == 0) {
		close(3);
		close(4);
		int a = socket(AF_UNIX, SOCK_STREAM, 0);
		int b = socket(AF_INET, SOCK_STREAM, 0);
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "2", 1);
		setenv("LISTEN_FDNAMES", "client:peer", 1);
		bool ok = a == 3 && b == 4 && notify_sockets(found) == 2 &&
			  found[0].fd == 3 && found[0].is_unix &&
			  strcmp(found[0].name, "client") == 0 &&
			  found[1].fd == 4 && !found[1].is_unix &&
			  strcmp(found[1].name, "peer") == 0 &&
			  (fcntl(3, F_GETFD) & FD_CLOEXEC) &&
			  !getenv("LISTEN_FDS") && notify_sockets(found) == 0;
		_exit(ok ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 0);
	/* Meant for another process. */
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "1", 1);
	assert_int_equal(notify_sockets(found), 0);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
}

static void process_gives_up_what_it_need_not(void **state UNUSED)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct rlimit limit;
		struct sigaction action;
		signal(SIGXFSZ, SIG_DFL); /* some parents ignore it */
		bool ok = harden_process() == 0 &&
			  prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
			  prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
			  getrlimit(RLIMIT_CORE, &limit) == 0 &&
			  limit.rlim_cur == 0 && limit.rlim_max == 0 &&
			  umask(0) == 077 &&
			  sigaction(SIGPIPE, NULL, &action) == 0 &&
			  action.sa_handler == SIG_IGN &&
			  sigaction(SIGXFSZ, NULL, &action) == 0 &&
			  action.sa_handler == SIG_IGN;
		close(0);
		close(1);
		ok = ok && harden_descriptors() == 0 &&
		     fcntl(0, F_GETFD) >= 0 && fcntl(1, F_GETFD) >= 0;
		_exit(ok ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A page of a mapped file that is not there any more. */
static void lost_pages_end_it_with_a_line(void **state UNUSED)
{
	char text[256] = "";
	int fds[2], status;

	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		dup2(fds[1], STDERR_FILENO);
		bool ok = harden_process() == 0;
		int fd = memfd_create("cut", 0);
		ok = ok && ftruncate(fd, 1) == 0;
		volatile char *page =
			mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
		ok = ok && page != MAP_FAILED && ftruncate(fd, 0) == 0;
		_exit(ok ? *page : 3);
	}
	close(fds[1]);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	assert_non_null(strstr(text, "fobd: error: the vault could not"));
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void clocks_run(void **state UNUSED)
{
	uint64_t mono = clock_mono();
	usleep(20000);
	assert_in_range(clock_mono() - mono, 15, 5000);
	assert_true(clock_wall() > 1700000000000);
}

static struct kdf *kdf_for(const char *passphrase)
{
	struct kdf *kdf =
		kdf_new((uint8_t *)strdup(passphrase), strlen(passphrase));
	assert_non_null(kdf);
	memset(kdf->salt, 7, sizeof(kdf->salt));
	kdf->memory = 64 * 1024;
	return kdf;
}

/* Against the library's other interface to the same function. */
static void passphrase_becomes_a_key(void **state UNUSED)
{
	struct kdf *kdf = kdf_for("correct horse");
	uint8_t expected[KEY_SIZE], salt[KDF_SALT];

	kdf->passes = 2;
	kdf_run(kdf);
	assert_int_equal(kdf->error, 0);
	assert_int_equal(kdf->passes, 2);
	memset(salt, 7, sizeof(salt));
	assert_int_equal(
		crypto_pwhash_argon2id(expected, sizeof(expected),
				       "correct horse", 13, salt, 2, 64 * 1024,
				       crypto_pwhash_argon2id_ALG_ARGON2ID13),
		0);
	assert_memory_equal(kdf->key, expected, sizeof(expected));
	kdf_free(kdf);
	assert_int_equal(secret_used(), 0);
}

static void passes_are_measured(void **state UNUSED)
{
	struct kdf *kdf = kdf_for("x"), *again = kdf_for("x");

	kdf_run(kdf);
	assert_int_equal(kdf->error, 0);
	/* 64 KiB are quick, so as many as may be. */
	assert_in_range(kdf->passes, KDF_PASSES_MIN, KDF_PASSES_MAX);
	again->passes = kdf->passes;
	kdf_run(again);
	assert_memory_equal(kdf->key, again->key, KEY_SIZE);
	kdf_free(kdf);
	kdf_free(again);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_a_level),
		cmocka_unit_test(journal_gets_priorities),
		cmocka_unit_test(readiness_is_a_datagram),
		cmocka_unit_test(sockets_are_handed_over),
		cmocka_unit_test(process_gives_up_what_it_need_not),
		cmocka_unit_test(lost_pages_end_it_with_a_line),
		cmocka_unit_test(clocks_run),
		cmocka_unit_test(passphrase_becomes_a_key),
		cmocka_unit_test(passes_are_measured),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
