/*
 * fob-yubikey: does one thing with the OATH applet of a security key. It reads
 * a CardAsk (proto/local.proto) from standard input, to its end, and writes a
 * CardTold to standard output. It is a program of its own because it loads the
 * library of PC/SC and reads what a stranger's card sends. Secrets come
 * through the pipe only, are wiped, and never leave towards anything but the
 * card. From the first word with a card on it can speak with pcscd and write
 * its answer, and nothing else.
 */
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "client/sandbox/confine.h"
#include "client/yubikey/choose.h"
#include "proto/secret.h"

#define ASK_MAX (32 * 1024)

struct work {
	const Fob__CardAsk *ask;
	struct reader reader;
	struct session session;
	struct credentials credentials;
	Fob__CardTold told;
	Fob__CardName names[CARD_NAMES_MAX];
	Fob__CardName *pointers[CARD_NAMES_MAX];
	bool validated;
};

/* --- in and out ------------------------------------------------------------------ */

static int read_all(uint8_t *ret, size_t size, size_t *ret_n)
{
	size_t at = 0;

	while (at < size) {
		ssize_t n = read(STDIN_FILENO, ret + at, size - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		at += (size_t)n;
	}
	*ret_n = at;
	return at < size ? 0 : -EMSGSIZE;
}

/* Returns the exit status, which is that of what is told. */
static int tell(const Fob__CardTold *told)
{
	size_t n = fob__card_told__get_packed_size(told);
	uint8_t *packed AUTO_FREE = malloc(n + 1);

	if (!packed)
		return STATUS_FAILED;
	fob__card_told__pack(told, packed);
	if (fwrite(packed, 1, n, stdout) != n || fflush(stdout) != 0)
		return STATUS_FAILED;
	return (int)told->status;
}

static ProtobufCBinaryData data_of(const uint8_t *p, size_t n)
{
	/* The messages that are written are not written to. */
	union {
		const uint8_t *from;
		uint8_t *to;
	} bytes = { p };

	return (ProtobufCBinaryData){ n, bytes.to };
}

static ProtobufCBinaryData data_of_bytes(struct bytes b)
{
	return data_of(b.p, b.n);
}

static int refuse(struct work *work, enum status status, const char *text)
{
	work->reader.status = status;
	snprintf(work->reader.error, sizeof(work->reader.error), "%s", text);
	return (int)status;
}

static int explain(struct work *work, int error)
{
	return choose_explain(&work->reader, &work->session, error);
}

/* --- the three things ------------------------------------------------------------- */

static int list(struct work *work)
{
	for (size_t i = 0; i < work->credentials.n; i++) {
		const struct credential *c = &work->credentials.list[i];
		Fob__CardName *name = &work->names[i];
		struct credential_parts parts;

		credential_split(c, &parts);
		fob__card_name__init(name);
		name->name = data_of(c->name, c->n);
		name->issuer = data_of_bytes(parts.issuer);
		name->account = data_of_bytes(parts.account);
		name->type = c->type;
		name->algorithm = c->algorithm;
		name->period = parts.period;
		name->touch = c->touch;
		name->touch_known = c->touch_known;
		work->pointers[i] = name;
	}
	work->told.names = work->pointers;
	work->told.n_names = work->credentials.n;
	return 0;
}

static int put(struct work *work)
{
	struct credential credential;
	const struct credential *there;
	const char *why = credential_make(
		work->ask, oath_version(&work->session.card), &credential);

	if (why)
		return refuse(work, STATUS_FAILED, why);
	there = oath_find(&work->credentials,
			  (struct bytes){ credential.name, credential.n });
	if (there && !work->ask->force)
		return refuse(work, STATUS_CONFLICT,
			      "the key has an account of this name already: "
			      "--force replaces it");
	work->told.fresh = !there;
	work->credentials.list[0] = credential;
	work->credentials.n = 1;
	list(work);
	return explain(work, session_put(&work->session, &credential,
					 work->ask->otp));
}

static int delete (struct work *work)
{
	struct bytes name = { work->ask->name.data, work->ask->name.len };

	if (!oath_find(&work->credentials, name))
		return explain(work, SESSION_ERR_NAME);
	return explain(work, session_delete(&work->session, name));
}

/* --- the way there ----------------------------------------------------------------- */

static int validate(struct work *work)
{
	uint8_t challenge[OATH_CHALLENGE_SIZE];
	struct bytes code = { work->ask->password.data,
			      work->ask->password.len };
	int r;

	if (!work->session.card.locked)
		return 0;
	if (code.n == 0) {
		work->told.needs_password = true;
		return explain(work, SESSION_ERR_LOCKED);
	}
	randombytes_buf(challenge, sizeof(challenge));
	r = session_validate(&work->session, code, challenge);
	work->validated = r == 0;
	work->told.needs_password = r == SESSION_ERR_CODE;
	return explain(work, r);
}

static int check_device(struct work *work)
{
	const ProtobufCBinaryData *wanted = &work->ask->device;
	const struct oath_card *card = &work->session.card;

	work->told.reader = work->reader.name;
	work->told.device = data_of(card->device, card->device_n);
	work->told.version = data_of(card->version, sizeof(card->version));
	if (wanted->len > 0 &&
	    (wanted->len != card->device_n ||
	     memcmp(wanted->data, card->device, card->device_n) != 0))
		return refuse(work, STATUS_CONFLICT,
			      "this is another key than a moment ago: nothing "
			      "was changed");
	return 0;
}

/* No card was heard yet; the connection to pcscd is there. */
static int enter_sandbox(struct work *work)
{
	if (confine(CONFINE_SPEAKING | CONFINE_LENIENT) == 0)
		return 0;
	return refuse(work, STATUS_FAILED,
		      "fob-yubikey cannot confine itself, so it does nothing");
}

static int do_it(struct work *work)
{
	const char *op = work->ask->op;
	uint64_t step = (uint64_t)time(NULL) / CREDENTIAL_PERIOD;
	int r = reader_open(&work->reader);

	if (r == 0)
		r = enter_sandbox(work);
	if (r == 0)
		r = choose_key(&work->reader, work->ask->reader,
			       &work->session);
	if (r == 0)
		r = check_device(work);
	if (r == 0)
		r = validate(work);
	if (r == 0)
		r = explain(work, session_list(&work->session, step,
					       &work->credentials));
	if (r != 0)
		return r;
	if (strcmp(op, "put") == 0)
		return put(work);
	if (strcmp(op, "delete") == 0)
		return delete (work);
	return list(work);
}

static int work_out(const Fob__CardAsk *ask)
{
	static struct work work;
	int status;

	work.ask = ask;
	fob__card_told__init(&work.told);
	status = do_it(&work);
	work.told.status = (uint32_t)status;
	if (status != 0)
		work.told.error = work.reader.error;
	reader_disconnect(&work.reader, work.validated);
	reader_close(&work.reader);
	status = tell(&work.told);
	session_deinit(&work.session);
	sodium_memzero(&work.credentials, sizeof(work.credentials));
	return status;
}

int main(int argc, char **argv)
{
	uint8_t *packed AUTO_SECRET = NULL;
	struct rlimit no_core = { 0, 0 };
	struct budget budget;
	Fob__CardAsk *ask;
	size_t n = 0;
	int status;

	(void)argv;
	setrlimit(RLIMIT_CORE, &no_core);
	/* A card that never ends its answer must not keep anybody waiting. */
	alarm(CARD_ASK_SECONDS);
	if (argc != 1 || sodium_init() < 0)
		return STATUS_USAGE;
	packed = secret_alloc(ASK_MAX);
	if (!packed || read_all(packed, ASK_MAX, &n) < 0)
		return STATUS_FAILED;
	budget_init(&budget, true);
	ask = fob__card_ask__unpack(&budget.allocator, n, packed);
	if (!ask)
		return STATUS_FAILED;
	status = work_out(ask);
	fob__card_ask__free_unpacked(ask, &budget.allocator);
	budget_deinit(&budget);
	return status;
}
