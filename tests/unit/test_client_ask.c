/*
 * Requests against a small daemon in a forked process, which plays a script:
 * what it must be asked, and what it answers. So it is seen that a passphrase
 * is sent when it is needed, that a wrong one ends, and that a daemon which
 * is slow, silent or mad does no harm.
 * Covers: ask, daemon, passphrase, socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/ask.h"
#include "client/passphrase.h"
#include "client/socket.h"

static char folder[] = "/tmp/fob-test-XXXXXX";
static char path[64], file[64];

/* --- the daemon of cardboard ---------------------------------------------- */

enum step {
	STEP_END,
	STEP_NEED_UNLOCK,
	STEP_UNLOCK_RIGHT,
	STEP_UNLOCK_WRONG,
	STEP_CONFIRM_REVEAL, /* ask for it, then take it */
	STEP_TWO_REPLIES,
	STEP_NOT_FOUND,
	STEP_SILENCE,
	STEP_NONSENSE,
	STEP_HANG_UP,
};

static void must(bool that)
{
	if (!that)
		_exit(1);
}

static void read_exact(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		must(got > 0);
		p += got;
		n -= (size_t)got;
	}
}

static Fob__Request *next_request(int fd)
{
	static uint8_t message[FRAME_MAX];
	uint8_t h[FRAME_HEADER];
	Fob__Request *request;
	size_t n;

	read_exact(fd, h, sizeof(h));
	n = (size_t)h[0] << 24 | (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3];
	must(n > 0 && n <= sizeof(message));
	read_exact(fd, message, n);
	request = fob__request__unpack(NULL, n, message);
	must(request != NULL);
	return request;
}

static void reply(int fd, const Fob__Reply *r)
{
	uint8_t out[4096];
	size_t n = fob__reply__get_packed_size(r);

	must(n > 0 && n + FRAME_HEADER < sizeof(out));
	frame_header(out, n);
	fob__reply__pack(r, out + FRAME_HEADER);
	must(write(fd, out, n + FRAME_HEADER) == (ssize_t)(n + FRAME_HEADER));
}

static void greet(int fd)
{
	Fob__Request *request = next_request(fd);
	Fob__ServerHello hello;
	Fob__Reply r;

	must(request->hello && request->hello->version == 1);
	fob__server_hello__init(&hello);
	fob__reply__init(&r);
	hello.version = 1;
	r.id = request->id;
	r.hello = &hello;
	reply(fd, &r);
	fob__request__free_unpacked(request, NULL);
}

static void answer(int fd, uint32_t id, unsigned int status, uint32_t need)
{
	Fob__Reply r;

	fob__reply__init(&r);
	r.id = id;
	r.status = status;
	r.need = need;
	if (need == FOB__NEED__NEED_CONFIRM)
		r.confirm = FOB__CONFIRM__CONFIRM_REVEAL;
	reply(fd, &r);
}

static void confirm(int fd, uint32_t id)
{
	Fob__Request *request;

	answer(fd, id, STATUS_REFUSED, FOB__NEED__NEED_CONFIRM);
	request = next_request(fd);
	must(request->confirm &&
	     request->confirm->kind == FOB__CONFIRM__CONFIRM_REVEAL &&
	     request->confirm->passphrase.len == 7);
	answer(fd, request->id, STATUS_OK, 0);
	fob__request__free_unpacked(request, NULL);
}

static void two_replies(int fd, uint32_t id)
{
	Fob__Account account, *accounts[] = { &account };
	Fob__Reply r;
	int i;

	fob__account__init(&account);
	fob__reply__init(&r);
	account.issuer = folder;
	r.id = id;
	r.accounts = accounts;
	r.n_accounts = 1;
	for (i = 1; i >= 0; i--) {
		r.more = i;
		reply(fd, &r);
	}
}

static void check_unlock(const Fob__Request *request)
{
	must(request->unlock && request->unlock->passphrase.len == 7 &&
	     memcmp(request->unlock->passphrase.data, "open it", 7) == 0);
}

static void play(int fd, enum step step, const Fob__Request *request)
{
	static const uint8_t nonsense[] = { 0, 0, 0, 2, 0xff, 0xff };

	switch (step) {
	case STEP_NEED_UNLOCK:
		answer(fd, request->id, STATUS_LOCKED, FOB__NEED__NEED_UNLOCK);
		break;
	case STEP_UNLOCK_RIGHT:
		check_unlock(request);
		answer(fd, request->id, STATUS_OK, 0);
		break;
	case STEP_UNLOCK_WRONG:
		check_unlock(request);
		answer(fd, request->id, STATUS_REFUSED, 0);
		break;
	case STEP_CONFIRM_REVEAL:
		confirm(fd, request->id);
		break;
	case STEP_TWO_REPLIES:
		must(request->list != NULL);
		two_replies(fd, request->id);
		break;
	case STEP_NOT_FOUND:
		answer(fd, request->id, STATUS_NOT_FOUND, 0);
		break;
	case STEP_NONSENSE:
		must(write(fd, nonsense, sizeof(nonsense)) > 0);
		break;
	default:
		break;
	}
}

static void serve(int listener, const enum step *steps)
{
	int fd = accept(listener, NULL, NULL);

	must(fd >= 0);
	greet(fd);
	for (; *steps != STEP_END; steps++) {
		Fob__Request *request = next_request(fd);

		play(fd, *steps, request);
		fob__request__free_unpacked(request, NULL);
		if (*steps == STEP_HANG_UP)
			return;
	}
	/* Until the client goes. */
	must(read(fd, &(char){ 0 }, 1) == 0);
	close(fd);
}

static pid_t start(const enum step *steps)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	unlink(path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 4), 0);
	pid = fork();
	if (pid == 0) {
		alarm(20);
		serve(listener, steps);
		_exit(0);
	}
	close(listener);
	return pid;
}

static int finish(struct fob *fob, pid_t pid)
{
	int status;

	daemon_close(&fob->daemon);
	passphrase_free(&fob->passphrase);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void begin(struct fob *fob, bool with_passphrase)
{
	*fob = (struct fob){ .quiet = true };
	fob->socket = path;
	fob->timeout = (struct number){ true, 5 };
	if (with_passphrase)
		fob->passphrase_file = file;
	daemon_init(&fob->daemon);
}

static int list(struct fob *fob, struct answers *answers)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ListAsk ask_list;

	fob__list_ask__init(&ask_list);
	request.list = &ask_list;
	return ask(fob, &request, answers);
}

/* Plays the steps to one list request; returns what the client ends with. */
static int run(struct fob *fob, const enum step *steps, size_t *ret_replies)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	pid_t pid = start(steps);
	int r = list(fob, &answers);

	if (ret_replies)
		*ret_replies = answers.n;
	answers_free(&answers);
	assert_int_equal(finish(fob, pid), 0);
	return r;
}

/* --- tests ---------------------------------------------------------------- */

static void test_streamed(void **state)
{
	const enum step steps[] = { STEP_TWO_REPLIES, STEP_END };
	struct fob fob;
	size_t replies;

	(void)state;
	begin(&fob, false);
	assert_int_equal(run(&fob, steps, &replies), 0);
	assert_int_equal(replies, 2);
}

static void test_unlocks(void **state)
{
	const enum step steps[] = { STEP_NEED_UNLOCK, STEP_UNLOCK_RIGHT,
				    STEP_TWO_REPLIES, STEP_END };
	struct fob fob;

	(void)state;
	begin(&fob, true);
	assert_int_equal(run(&fob, steps, NULL), 0);
}

static void test_confirms(void **state)
{
	const enum step steps[] = { STEP_CONFIRM_REVEAL, STEP_TWO_REPLIES,
				    STEP_END };
	struct fob fob;

	(void)state;
	begin(&fob, true);
	assert_int_equal(run(&fob, steps, NULL), 0);
}

static void test_wrong_passphrase(void **state)
{
	const enum step steps[] = { STEP_NEED_UNLOCK, STEP_UNLOCK_WRONG,
				    STEP_END };
	struct fob fob;

	(void)state;
	begin(&fob, true);
	assert_int_equal(run(&fob, steps, NULL), STATUS_REFUSED);
}

static void test_readable_file(void **state)
{
	const enum step steps[] = { STEP_NEED_UNLOCK, STEP_END };
	struct fob fob;

	(void)state;
	begin(&fob, true);
	assert_int_equal(chmod(file, 0640), 0);
	assert_int_equal(run(&fob, steps, NULL), STATUS_LOCKED);
	assert_int_equal(chmod(file, 0600), 0);
}

static void test_symlink(void **state)
{
	const enum step steps[] = { STEP_NEED_UNLOCK, STEP_END };
	char link[80];
	struct fob fob;

	(void)state;
	begin(&fob, true);
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(symlink(file, link), 0);
	fob.passphrase_file = link;
	assert_int_equal(run(&fob, steps, NULL), STATUS_LOCKED);
	unlink(link);
}

/* A daemon that is never content is not asked for ever. */
static void test_never_content(void **state)
{
	const enum step steps[] = {
		STEP_NEED_UNLOCK,  STEP_UNLOCK_RIGHT, STEP_NEED_UNLOCK,
		STEP_UNLOCK_RIGHT, STEP_NEED_UNLOCK,  STEP_UNLOCK_RIGHT,
		STEP_NEED_UNLOCK,  STEP_UNLOCK_RIGHT, STEP_NEED_UNLOCK,
		STEP_UNLOCK_RIGHT, STEP_NEED_UNLOCK,  STEP_UNLOCK_RIGHT,
		STEP_NEED_UNLOCK,  STEP_END,
	};
	struct fob fob;

	(void)state;
	begin(&fob, true);
	assert_int_equal(run(&fob, steps, NULL), STATUS_LOCKED);
}

static void test_status_is_told(void **state)
{
	const enum step steps[] = { STEP_NOT_FOUND, STEP_END };
	struct fob fob;

	(void)state;
	begin(&fob, false);
	assert_int_equal(run(&fob, steps, NULL), STATUS_NOT_FOUND);
}

static void test_silence(void **state)
{
	const enum step steps[] = { STEP_SILENCE, STEP_END };
	struct fob fob;

	(void)state;
	begin(&fob, false);
	fob.timeout.value = 1;
	assert_int_equal(run(&fob, steps, NULL), STATUS_TIMEOUT);
}

static void test_nonsense(void **state)
{
	const enum step steps[] = { STEP_NONSENSE, STEP_END };
	const enum step hang_up[] = { STEP_HANG_UP, STEP_END };
	struct fob fob;

	(void)state;
	begin(&fob, false);
	assert_int_equal(run(&fob, steps, NULL), STATUS_FAILED);
	begin(&fob, false);
	assert_int_equal(run(&fob, hang_up, NULL), STATUS_FAILED);
}

static void test_no_daemon(void **state)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	struct fob fob;

	(void)state;
	begin(&fob, false);
	unlink(path);
	assert_int_equal(list(&fob, &answers), STATUS_NO_DAEMON);
}

static void test_socket_path(void **state)
{
	char ret[SOCKET_PATH_SIZE], longer[256];

	(void)state;
	unsetenv("FOB_SOCKET");
	unsetenv("FOB_PROFILE");
	setenv("XDG_RUNTIME_DIR", "/run/me", 1);
	assert_int_equal(socket_path(NULL, ret), 0);
	assert_string_equal(ret, "/run/me/fob/fobd.sock");
	/* XDG: a relative path is to be ignored. */
	setenv("XDG_RUNTIME_DIR", "run/me", 1);
	setenv("XDG_DATA_HOME", "data", 1);
	assert_true(socket_path(NULL, ret) != 0 || ret[0] == '/');
	unsetenv("XDG_DATA_HOME");
	setenv("XDG_RUNTIME_DIR", "/run/me", 1);
	setenv("FOB_PROFILE", "work", 1);
	assert_int_equal(socket_path(NULL, ret), 0);
	assert_string_equal(ret, "/run/me/fob-work/fobd.sock");
	setenv("FOB_PROFILE", "../x", 1);
	assert_int_equal(socket_path(NULL, ret), SOCKET_ERR_PROFILE);
	setenv("FOB_SOCKET", "/s", 1);
	assert_int_equal(socket_path(NULL, ret), 0);
	assert_string_equal(ret, "/s");
	assert_int_equal(socket_path("/named", ret), 0);
	assert_string_equal(ret, "/named");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(socket_path(longer, ret), SOCKET_ERR_LONG);
	unsetenv("FOB_SOCKET");
	unsetenv("FOB_PROFILE");
}

static int set_up(void **state)
{
	FILE *out;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(file, sizeof(file), "%s/passphrase", folder);
	out = fopen(file, "w");
	if (!out)
		return -1;
	fputs("open it\nanother line\n", out);
	fclose(out);
	return chmod(file, 0600);
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(file);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streamed),
		cmocka_unit_test(test_unlocks),
		cmocka_unit_test(test_confirms),
		cmocka_unit_test(test_wrong_passphrase),
		cmocka_unit_test(test_readable_file),
		cmocka_unit_test(test_symlink),
		cmocka_unit_test(test_never_content),
		cmocka_unit_test(test_status_is_told),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_no_daemon),
		cmocka_unit_test(test_socket_path),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
