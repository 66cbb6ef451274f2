#include "client/security_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/helper.h"
#include "client/report.h"

void key_done_free(struct key_done *done)
{
	if (!done->message)
		return;
	fob__key_done__free_unpacked(done->message, &done->budget.allocator);
	budget_deinit(&done->budget);
	done->message = NULL;
}

static bool has_type(const Fob__Reply *slots, const char *type)
{
	size_t i;

	for (i = 0; i < slots->n_slots; i++)
		if (strcmp(slots->slots[i]->type, type) == 0)
			return true;
	return false;
}

bool security_key_slot(const Fob__Reply *slots)
{
	return has_type(slots, "fido2");
}

bool security_key_only(const Fob__Reply *slots)
{
	return security_key_slot(slots) && !has_type(slots, "passphrase");
}

static int take(struct key_done *ret, struct bytes bytes)
{
	budget_init(&ret->budget, true);
	ret->message =
		fob__key_done__unpack(&ret->budget.allocator, bytes.n, bytes.p);
	return ret->message ? 0 : budget_error(&ret->budget, -EPROTO);
}

/* The one message that the helper writes. */
static int read_done(int fd, struct key_done *ret)
{
	struct bytes message, rest;
	struct frame frame AUTO_FRAME;
	uint8_t *input AUTO_SECRET = secret_alloc(DAEMON_READ_SIZE);
	int r = FRAME_ERR_MORE;

	frame_init(&frame, FRAME_MAX);
	if (!input)
		return -ENOMEM;
	while (r == FRAME_ERR_MORE) {
		ssize_t n = read(fd, input, DAEMON_READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
		rest = (struct bytes){ input, (size_t)n };
		r = frame_take(&frame, &rest, &message);
	}
	return r == 0 ? take(ret, message) : r < 0 ? r : -EPROTO;
}

/* A descriptor with the framed question; negative errno. */
static int question(const Fob__KeyAsk *ask)
{
	size_t n = fob__key_ask__get_packed_size(ask);
	uint8_t *buffer;
	int fd;

	if (n == 0 || n > HELPER_BYTES_MAX - FRAME_HEADER)
		return -EMSGSIZE;
	buffer = malloc(FRAME_HEADER + n);
	if (!buffer)
		return -ENOMEM;
	frame_header(buffer, n);
	fob__key_ask__pack(ask, buffer + FRAME_HEADER);
	fd = helper_bytes((struct bytes){ buffer, FRAME_HEADER + n });
	free(buffer);
	return fd;
}

static int judge(struct fob *fob, const struct key_done *done, bool made)
{
	const Fob__KeyDone *message = done->message;

	if (message->status != STATUS_OK)
		return fail(fob,
			    message->status < STATUS_COUNT ? message->status :
							     STATUS_FAILED,
			    "%s", message->message);
	if (made ? !message->made : !message->secret)
		return fail(fob, STATUS_FAILED, "fob-fido gave no answer");
	return 0;
}

static int run(struct fob *fob, const Fob__KeyAsk *ask, struct key_done *ret)
{
	char name[] = "fob-fido";
	char *argv[] = { name, NULL };
	struct helper helper;
	int r, in = question(ask);

	if (in < 0)
		return fail(fob, STATUS_FAILED, "%s", strerror(-in));
	r = helper_start(fob, argv, in, true, &helper);
	close(in);
	if (r != 0)
		return r;
	r = read_done(helper.out, ret);
	helper_wait(&helper);
	if (r != 0)
		return fail(fob, STATUS_FAILED, "fob-fido failed: %s",
			    strerror(-r));
	return judge(fob, ret, ask->make);
}

static int start(struct fob *fob, const Fob__Reply *slots, bool made,
		 struct key_done *ret)
{
	Fob__KeyAsk ask = FOB__KEY_ASK__INIT;

	ask.slots = slots->slots;
	ask.n_slots = slots->n_slots;
	ask.make = made;
	ask.timeout_ms = command_timeout(fob, COMMAND_TIMEOUT);
	return run(fob, &ask, ret);
}

int security_key_secret(struct fob *fob, const Fob__Reply *slots,
			struct key_done *ret)
{
	if (!security_key_slot(slots))
		return fail(fob, STATUS_LOCKED,
			    "no security key opens this vault: "
			    "fob passphrase --add-fido2 lets one");
	return start(fob, slots, false, ret);
}

int security_key_make(struct fob *fob, const Fob__Reply *slots,
		      struct key_done *ret)
{
	return start(fob, slots, true, ret);
}
