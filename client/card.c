#include "client/card.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/account.h"
#include "client/helper.h"
#include "client/passphrase.h"
#include "client/report.h"

#define ATTEMPTS 3	     /* access codes, at a terminal */
#define TOLD_MAX (64 * 1024) /* bytes of an answer, packed */

static void forget(struct card *card)
{
	if (card->told)
		fob__card_told__free_unpacked(card->told,
					      &card->budget->allocator);
	if (card->budget)
		budget_deinit(card->budget);
	free(card->budget);
	card->told = NULL;
	card->budget = NULL;
}

void card_deinit(struct card *card)
{
	forget(card);
	passphrase_free(&card->code);
}

static int unpack(struct card *card, struct bytes packed)
{
	forget(card);
	card->budget = malloc(sizeof(*card->budget));
	if (!card->budget)
		return -ENOMEM;
	budget_init(card->budget, false);
	card->told = fob__card_told__unpack(&card->budget->allocator, packed.n,
					    packed.p);
	return card->told ? 0 : budget_error(card->budget, -EPROTO);
}

static int read_told(int fd, struct card *card)
{
	uint8_t *packed AUTO_FREE = malloc(TOLD_MAX);
	size_t n = 0;

	if (!packed)
		return -ENOMEM;
	while (n < TOLD_MAX) {
		ssize_t got = read(fd, packed + n, TOLD_MAX - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	/* Even a success tells which reader it was. */
	return n > 0 ? unpack(card, (struct bytes){ packed, n }) : -ENODATA;
}

/* The packed request as something to read from. */
static int lend(const Fob__CardAsk *ask)
{
	size_t n = fob__card_ask__get_packed_size(ask);
	uint8_t *packed AUTO_SECRET = NULL;

	if (n > HELPER_BYTES_MAX)
		return -EMSGSIZE;
	packed = secret_alloc(n + 1);
	if (!packed)
		return -ENOMEM;
	fob__card_ask__pack(ask, packed);
	return helper_bytes((struct bytes){ packed, n });
}

static int run(struct fob *fob, struct card *card, const Fob__CardAsk *ask)
{
	char name[] = "fob-yubikey";
	char *argv[] = { name, NULL };
	struct helper helper;
	int in = lend(ask), r;

	if (in < 0)
		return fail(fob, STATUS_FAILED, "%s", strerror(-in));
	r = helper_start(fob, argv, in, true, &helper);
	close(in);
	if (r != 0)
		return r;
	r = read_told(helper.out, card);
	helper_wait(&helper);
	if (r == -ENODATA)
		return fail(fob, STATUS_TIMEOUT,
			    "the key, or its reader, does not answer: take it "
			    "out and put it in again");
	if (r != 0)
		return fail(fob, STATUS_FAILED, "what fob-yubikey answers: %s",
			    strerror(-r));
	return 0;
}

/* The code goes along in every request from then on. */
static int ask_code(struct fob *fob, struct card *card)
{
	int r = passphrase_other(
		fob, card->code_file,
		"Access code of the key: ", "--access-code-file", &card->code);

	if (r == 0 && card->code->n == 0)
		r = fail(fob, STATUS_LOCKED, "no access code was given");
	return r;
}

static void fill(const struct card *card, Fob__CardAsk *ask)
{
	if (card->reader)
		ask->reader = card->reader;
	if (card->code)
		ask->password = (ProtobufCBinaryData){ card->code->n,
						       card->code->bytes };
}

static int remember(struct fob *fob, struct card *card)
{
	struct bytes device = account_bytes(card->told->device);

	if (device.n == 0 || device.n > sizeof(card->device))
		return fail(fob, STATUS_FAILED, "the key has no id");
	memcpy(card->device, device.p, device.n);
	card->device_n = device.n;
	return 0;
}

/* None yet, or one that was mistyped: what a file says stays wrong. */
static bool code_helps(const struct card *card, int attempt)
{
	return card->told->needs_password && attempt < ATTEMPTS &&
	       (!card->code || !card->code_file);
}

/* The same request, with another access code. */
static int ask_again(struct fob *fob, struct card *card, Fob__CardAsk *ask)
{
	int r;

	if (card->code)
		note(fob, "%s", card->told->error);
	passphrase_free(&card->code);
	card->code = NULL;
	r = ask_code(fob, card);
	if (r != 0)
		return r;
	fill(card, ask);
	return run(fob, card, ask);
}

int card_ask(struct fob *fob, struct card *card, Fob__CardAsk *ask)
{
	int r;

	fill(card, ask);
	ask->device = (ProtobufCBinaryData){ card->device_n, card->device };
	r = run(fob, card, ask);
	for (int i = 0; r == 0 && code_helps(card, i); i++)
		r = ask_again(fob, card, ask);
	if (r != 0)
		return r;
	if (card->told->status != STATUS_OK)
		return fail(fob, card->told->status, "%s", card->told->error);
	return remember(fob, card);
}
