#include "client/seed.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/account.h"
#include "client/prompt.h"
#include "client/report.h"
#include "proto/text.h"

#define TYPED_MAX 1024 /* letters of a secret, with spaces */

void seed_free(struct seed *seed)
{
	secret_free(seed->secret);
	seed->secret = NULL;
}

void seed_table(struct seed_options *options,
		struct option ret[static SEED_OPTIONS])
{
	const struct option table[SEED_OPTIONS] = {
		{ "type", 0, OPTION_TEXT, &options->type },
		{ "algorithm", 0, OPTION_TEXT, &options->algorithm },
		{ "digits", 0, OPTION_NUMBER, &options->digits },
		{ "period", 0, OPTION_NUMBER, &options->period },
		{ "counter", 0, OPTION_NUMBER, &options->counter },
	};

	memcpy(ret, table, sizeof(table));
}

bool seed_given(const struct seed_options *options)
{
	return options->type || options->algorithm || options->digits.set ||
	       options->period.set || options->counter.set;
}

/* What is usual, as RFC 4226, RFC 6238 and the services have it. */
static void usual(Fob__OtpValue *otp)
{
	otp->algorithm = FOB__ALGORITHM__SHA1;
	otp->digits = 6;
	otp->period = 30;
	otp->counter = 0;
	switch (otp->type) {
	case FOB__OTP_TYPE__HOTP:
		otp->period = 0;
		break;
	case FOB__OTP_TYPE__STEAM:
		otp->digits = 5;
		break;
	case FOB__OTP_TYPE__MOTP:
		otp->algorithm = FOB__ALGORITHM__MD5;
		otp->period = 10;
		break;
	case FOB__OTP_TYPE__YANDEX:
		otp->algorithm = FOB__ALGORITHM__SHA256;
		otp->digits = 8;
		break;
	default:
		break;
	}
}

static int small(struct fob *fob, const char *name, struct number number,
		 uint32_t *ret)
{
	if (!number.set)
		return 0;
	if (number.value > UINT32_MAX)
		return fail(fob, STATUS_USAGE, "%s: too large", name);
	*ret = (uint32_t)number.value;
	return 0;
}

int seed_apply(struct fob *fob, const struct seed_options *options, bool fresh,
	       Fob__OtpValue *otp)
{
	uint32_t type = fresh ? (uint32_t)FOB__OTP_TYPE__TOTP : otp->type;
	int r;

	if (options->type && !account_type(options->type, &type))
		return fail(fob, STATUS_USAGE, "no such type: %s",
			    options->type);
	if (fresh || type != otp->type) {
		otp->type = type;
		usual(otp);
	}
	if (options->algorithm &&
	    !account_algorithm(options->algorithm, &otp->algorithm))
		return fail(fob, STATUS_USAGE, "no such algorithm: %s",
			    options->algorithm);
	r = small(fob, "digits", options->digits, &otp->digits);
	if (r == 0)
		r = small(fob, "period", options->period, &otp->period);
	if (r == 0 && options->counter.set)
		otp->counter = options->counter.value;
	return r;
}

/* All of standard input, at most size bytes. */
static int read_stdin(uint8_t *ret, size_t size, size_t *ret_n)
{
	size_t at = 0;
	ssize_t n;

	do {
		n = read(STDIN_FILENO, ret + at, size - at);
		if (n > 0)
			at += (size_t)n;
	} while ((n > 0 && at < size) || (n < 0 && errno == EINTR));
	*ret_n = at;
	return n < 0 ? -errno : 0;
}

static int typed(struct fob *fob, uint8_t *ret, size_t *ret_n)
{
	int r = prompt_secret("Secret: ", ret, TYPED_MAX, ret_n);

	if (r == PROMPT_ERR_TERMINAL)
		return fail(fob, STATUS_USAGE,
			    "no secret: give a URI, or --secret-stdin");
	if (r != 0)
		return fail(fob, STATUS_USAGE, "no secret was given");
	return 0;
}

static int decode(struct fob *fob, struct bytes text, struct seed *seed)
{
	bool hex = seed->otp.type == FOB__OTP_TYPE__MOTP;
	size_t n;
	int r;

	while (text.n > 0 &&
	       (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
		text.n--;
	if (text.n == 0)
		return fail(fob, STATUS_USAGE, "secret: is empty");
	r = hex ? text_hex_decode(seed->secret, SECRET_MAX, text, &n) :
		  text_base32_decode(seed->secret, SECRET_MAX, text, &n);
	if (r == TEXT_ERR_ROOM)
		return fail(fob, STATUS_USAGE, "secret: longer than %d bytes",
			    SECRET_MAX);
	if (r != 0)
		return fail(fob, STATUS_USAGE, "secret: character %zu is no %s",
			    n + 1, hex ? "hexadecimal digit" : "base32");
	if (n == 0)
		return fail(fob, STATUS_USAGE, "secret: is empty");
	seed->otp.secret.data = seed->secret;
	seed->otp.secret.len = n;
	return 0;
}

int seed_secret(struct fob *fob, bool from_stdin, struct seed *seed)
{
	uint8_t *text AUTO_SECRET = secret_alloc(TYPED_MAX + 1);
	size_t n = 0;
	int r;

	seed->secret = secret_alloc(SECRET_MAX);
	if (!text || !seed->secret)
		return fail(fob, STATUS_FAILED, "no memory for secrets");
	if (from_stdin) {
		r = read_stdin(text, TYPED_MAX + 1, &n);
		if (r < 0)
			return fail(fob, STATUS_FAILED,
				    "cannot read the secret: %s", strerror(-r));
		if (n > TYPED_MAX)
			return fail(fob, STATUS_USAGE, "secret: too long");
	} else {
		r = typed(fob, text, &n);
		if (r != 0)
			return r;
	}
	return decode(fob, (struct bytes){ text, n }, seed);
}
