#include "client/formats/uri.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/encoded.h"
#include "client/formats/label.h"
#include "client/formats/lines.h"
#include "client/formats/names.h"
#include "client/formats/number.h"
#include "client/formats/params.h"
#include "client/formats/percent.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

/* A URI cut up, nothing decoded yet. */
struct parts {
	uint32_t type;
	struct bytes label;
	struct bytes query;
};

struct reader {
	struct entry *entry;
	struct params *params;
	struct uri_warnings *warnings;
	struct fault *fault;
};

static int refuse(struct fault *fault, const char *field, const char *why)
{
	*fault = (struct fault){ field, why };
	return URI_ERR_INVALID;
}

static void warn(struct uri_warnings *warnings, const char *text)
{
	REQUIRE(warnings->n < URI_WARNINGS_MAX);
	warnings->text[warnings->n++] = text;
}

static bool equals(struct bytes text, const char *word)
{
	return text_same(text, text_of(word));
}

static struct bytes skip(struct bytes text, size_t n)
{
	return (struct bytes){ text.p + n, text.n - n };
}

/* What stands before the first c; *rest goes on after it. */
static struct bytes cut(struct bytes *rest, char c)
{
	const uint8_t *at = rest->n ? memchr(rest->p, c, rest->n) : NULL;
	struct bytes head = *rest;

	if (!at) {
		*rest = skip(*rest, rest->n);
		return head;
	}
	head.n = (size_t)(at - head.p);
	*rest = skip(*rest, head.n + 1);
	return head;
}

static int split_otpauth(struct bytes rest, struct parts *parts,
			 struct fault *fault)
{
	struct bytes path = cut(&rest, '?');
	struct bytes type = cut(&path, '/');

	parts->query = rest;
	parts->label = path;
	parts->type = names_type(type);
	if (parts->type != 0)
		return 0;
	return refuse(fault, "type",
		      "must be totp, hotp, steam, motp or yaotp");
}

/* A "#" is data here: labels are often not encoded, fragments never occur. */
static int split(struct bytes uri, struct parts *parts, struct fault *fault)
{
	if (lines_begins(uri, "otpauth://"))
		return split_otpauth(skip(uri, strlen("otpauth://")), parts,
				     fault);
	if (lines_begins(uri, "motp://")) {
		parts->type = FOB__OTP_TYPE__MOTP;
		parts->query = skip(uri, strlen("motp://"));
		parts->label = cut(&parts->query, '?');
		return 0;
	}
	if (lines_begins(uri, "otpauth-migration:"))
		return refuse(fault, "URI",
			      "is a Google export: give it to import");
	return refuse(fault, "URI",
		      "must begin with otpauth://, steam:// or motp://");
}

/*
 * A parameter that is a number of the entry; absent or empty leaves it alone.
 * An explicit 0 must not become the usual value later, so it becomes a
 * number that the final check refuses.
 */
static int take_number(struct reader *r, enum param which, uint32_t *field,
		       const char *name)
{
	struct bytes text = r->params->value[which];
	uint64_t v;

	if (text.n == 0)
		return 0;
	if (!number_read(text, &v))
		return refuse(r->fault, name, "is not a number");
	*field = v == 0 || v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
	return 0;
}

static int take_counter(struct reader *r)
{
	struct bytes text = r->params->value[PARAM_COUNTER];

	if (text.n == 0) {
		warn(r->warnings, "no counter: it starts at 0");
		return 0;
	}
	if (!number_read(text, &r->entry->counter))
		return refuse(r->fault, "counter", "is not a number");
	return 0;
}

static int take_numbers(struct reader *r)
{
	struct bytes algorithm = r->params->value[PARAM_ALGORITHM];
	struct entry *entry = r->entry;
	int e;

	if (algorithm.n > 0) {
		entry->algorithm = names_algorithm(algorithm);
		if (entry->algorithm == 0)
			return refuse(r->fault, "algorithm",
				      "must be SHA1, SHA256 or SHA512");
	}
	e = take_number(r, PARAM_DIGITS, &entry->digits, "digits");
	if (e != 0)
		return e;
	if (entry->type == FOB__OTP_TYPE__HOTP)
		return take_counter(r);
	return take_number(r, PARAM_PERIOD, &entry->period, "period");
}

static int take_base32(struct reader *r, struct bytes text)
{
	int e = encoded_base32(r->entry, text, r->fault);

	if (e == 0 && encoded_odd(text))
		warn(r->warnings,
		     "the secret has an odd length: is it complete?");
	return e;
}

static int take_secret(struct reader *r)
{
	struct bytes text = r->params->value[PARAM_SECRET];

	if (!r->params->given[PARAM_SECRET])
		return refuse(r->fault, "secret", "is missing");
	if (r->entry->type == FOB__OTP_TYPE__MOTP)
		return encoded_hex(r->entry, text, r->fault);
	return take_base32(r, text);
}

/* Aegis writes the PIN of Yandex as base32 of its text. */
static int take_pin(struct reader *r)
{
	struct bytes text = r->params->value[PARAM_PIN];
	uint8_t pin[PIN_MAX];
	size_t n = 0;
	int e;

	if (r->entry->type != FOB__OTP_TYPE__YANDEX || text.n == 0)
		return 0;
	if (text_base32_decode(pin, sizeof(pin), text, &n) != 0)
		return refuse(r->fault, "pin", "is not base32, or too long");
	e = entry_set(r->entry, ENTRY_PIN, (struct bytes){ pin, n }, r->fault);
	sodium_memzero(pin, sizeof(pin));
	return e;
}

static int take_label(struct reader *r, struct bytes raw)
{
	AUTO_FREE uint8_t *label = malloc(raw.n + 1);
	struct bytes issuer = label_trim(r->params->value[PARAM_ISSUER]);
	size_t n;

	if (!label)
		return -ENOMEM;
	if (raw.n > 0 && raw.p[0] == '/')
		raw = skip(raw, 1);
	if (percent_decode(raw, false, label, &n) != 0)
		return refuse(r->fault, "label",
			      "has a % without two hex digits after it");
	if (r->entry->type == FOB__OTP_TYPE__YANDEX && issuer.n == 0)
		issuer = text_of("Yandex");
	return label_apply(r->entry, issuer, (struct bytes){ label, n },
			   r->fault);
}

/*
 * Steam hides behind totp in several ways: encoder=steam (KeePassXC), a bare
 * "steam" (Stratum), or just the issuer (Stratum, FreeOTP, WinAuth).
 */
static void unmask_steam(struct reader *r)
{
	struct params *params = r->params;

	if (r->entry->type != FOB__OTP_TYPE__TOTP)
		return;
	if (equals(params->value[PARAM_ENCODER], "steam") ||
	    params->given[PARAM_STEAM] ||
	    strcmp(entry_get(r->entry, ENTRY_ISSUER), "Steam") == 0)
		r->entry->type = FOB__OTP_TYPE__STEAM;
}

static int read_parts(struct reader *r, const struct parts *parts)
{
	int e = params_parse(r->params, parts->query, r->fault);

	r->entry->type = parts->type;
	if (e == 0)
		e = take_secret(r);
	if (e == 0)
		e = take_label(r, parts->label);
	if (e != 0)
		return e;
	unmask_steam(r);
	if (r->entry->type == FOB__OTP_TYPE__TOTP ||
	    r->entry->type == FOB__OTP_TYPE__HOTP)
		e = take_numbers(r);
	if (e == 0)
		e = take_pin(r);
	return e;
}

/* Bitwarden and Proton: steam:// and nothing but the secret. */
static int read_steam(struct reader *r, struct bytes rest)
{
	struct bytes secret = cut(&rest, '?');

	r->entry->type = FOB__OTP_TYPE__STEAM;
	if (secret.n > 0 && secret.p[secret.n - 1] == '/')
		secret.n--;
	if (entry_set(r->entry, ENTRY_ISSUER, text_of("Steam"), r->fault) < 0)
		return -ENOMEM;
	return take_base32(r, secret);
}

static int read_uri(struct reader *r, struct bytes uri)
{
	struct parts parts = { 0 };
	int e;

	if (lines_begins(uri, "steam://")) {
		e = read_steam(r, skip(uri, strlen("steam://")));
	} else {
		e = split(uri, &parts, r->fault);
		if (e == 0)
			e = read_parts(r, &parts);
	}
	if (e != 0)
		return e;
	entry_settle(r->entry);
	return entry_check(r->entry, r->fault);
}

int uri_parse(struct bytes uri, struct entry *entry,
	      struct uri_warnings *ret_warnings, struct fault *ret_fault)
{
	AUTO_ENTRY struct entry fresh;
	AUTO_PARAMS struct params params = { 0 };
	struct uri_warnings warnings = { .n = 0 };
	struct reader reader = { &fresh, &params, &warnings, ret_fault };
	int r;

	entry_init(&fresh);
	r = read_uri(&reader, uri);
	if (r != 0)
		return r < 0 ? r : URI_ERR_INVALID;
	entry_deinit(entry);
	*entry = fresh;
	entry_init(&fresh);
	*ret_warnings = warnings;
	return 0;
}
