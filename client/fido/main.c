/*
 * fob-fido: asks a security key, with libfido2. A framed KeyAsk comes on
 * standard input, a framed KeyDone goes to standard output, which is a pipe of
 * fob's: it holds the secret. What the person is to do is said on standard
 * error, and the PIN is asked for at the terminal.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "client/fido/key.h"
#include "proto/frame.h"
#include "proto/secret.h"

#define INPUT_MAX (32 * 1024)

static void free_ask(Fob__KeyAsk **ask)
{
	if (*ask)
		fob__key_ask__free_unpacked(*ask, NULL);
}

static Fob__KeyAsk *read_ask(void)
{
	struct frame frame AUTO_FRAME;
	uint8_t input[4096];
	struct bytes message = { NULL, 0 };
	int r = FRAME_ERR_MORE;

	frame_init(&frame, INPUT_MAX);
	while (r == FRAME_ERR_MORE) {
		ssize_t n = read(STDIN_FILENO, input, sizeof(input));
		struct bytes rest = { input, n > 0 ? (size_t)n : 0 };

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		r = frame_take(&frame, &rest, &message);
	}
	return r == 0 ? fob__key_ask__unpack(NULL, message.n, message.p) : NULL;
}

static bool write_all(const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDOUT_FILENO, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static int send_done(const Fob__KeyDone *done)
{
	size_t n = fob__key_done__get_packed_size(done);
	uint8_t *buffer AUTO_SECRET = secret_alloc(FRAME_HEADER + n);

	if (!buffer || n == 0)
		return STATUS_FAILED;
	frame_header(buffer, n);
	fob__key_done__pack(done, buffer + FRAME_HEADER);
	return write_all(buffer, FRAME_HEADER + n) ? STATUS_OK : STATUS_FAILED;
}

static int tell(struct key_answer *answer, bool make)
{
	Fob__KeyDone done = FOB__KEY_DONE__INIT;
	Fob__Fido2 made = FOB__FIDO2__INIT;
	Fob__Fido2Secret secret = FOB__FIDO2_SECRET__INIT;
	ProtobufCBinaryData key = { sizeof(answer->secret), answer->secret };
	char rp[] = "fob";

	done.status = answer->status;
	done.message = answer->message;
	if (answer->status == STATUS_OK && make) {
		made.credential.data = answer->credential;
		made.credential.len = answer->credential_len;
		made.salt.data = answer->salt;
		made.salt.len = sizeof(answer->salt);
		made.rp = rp;
		made.verify = answer->verify;
		made.secret = key;
		done.made = &made;
	} else if (answer->status == STATUS_OK) {
		secret.slot = answer->slot;
		secret.secret = key;
		done.secret = &secret;
	}
	return send_done(&done);
}

int main(void)
{
	struct key_answer *answer AUTO_SECRET = NULL;
	Fob__KeyAsk *ask CLEANUP(free_ask) = NULL;

	/* What libfido2 holds is not in our locked memory. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return STATUS_FAILED;
	answer = secret_alloc(sizeof(*answer));
	ask = read_ask();
	if (!answer || !ask) {
		fputs("fob-fido: it is started by fob\n", stderr);
		return STATUS_FAILED;
	}
	/* Old keys without hmac-secret need not be talked to at all. */
	fido_init(FIDO_DISABLE_U2F_FALLBACK);
	if (ask->make)
		key_make(ask, answer);
	else
		key_secret(ask, answer);
	return tell(answer, ask->make);
}
