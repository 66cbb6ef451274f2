#include "client/fido/key.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "client/print.h"
#include "client/prompt.h"
#include "proto/secret.h"

#define RELYING_PARTY "fob"

struct key {
	fido_dev_t *dev; /* owned */
	struct device device;
	int timeout; /* ms, for a touch */
	char *pin;   /* secret memory, NULL: none is needed */
};

static void key_close(struct key *key)
{
	if (key->dev)
		fido_dev_close(key->dev);
	fido_dev_free(&key->dev);
	secret_free(key->pin);
	key->pin = NULL;
}
#define AUTO_KEY CLEANUP(key_close)

static void free_credential(fido_cred_t **credential)
{
	fido_cred_free(credential);
}
#define AUTO_CREDENTIAL CLEANUP(free_credential)

static void free_assertion(fido_assert_t **assertion)
{
	fido_assert_free(assertion);
}
#define AUTO_ASSERTION CLEANUP(free_assertion)

/* --- what fails ------------------------------------------------------------- */

/* Tells it; for `return failed(...)`. */
__attribute__((format(printf, 3, 4))) static int
failed(struct key_answer *ret, enum status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret->message, sizeof(ret->message), format, args);
	va_end(args);
	ret->status = status;
	return -1;
}

static int wrong_pin(const struct key *key, struct key_answer *ret)
{
	int left = 0;

	if (fido_dev_get_retry_count(key->dev, &left) == FIDO_OK)
		return failed(ret, STATUS_REFUSED,
			      "wrong PIN of the security key; %d tries are "
			      "left",
			      left);
	return failed(ret, STATUS_REFUSED, "wrong PIN of the security key");
}

static int key_failed(const struct key *key, int error, struct key_answer *ret)
{
	switch (error) {
	case FIDO_ERR_NO_CREDENTIALS:
	case FIDO_ERR_INVALID_CREDENTIAL:
		return failed(ret, STATUS_REFUSED,
			      "this security key does not open this vault");
	case FIDO_ERR_CREDENTIAL_EXCLUDED:
		return failed(ret, STATUS_CONFLICT,
			      "this security key opens this vault already: "
			      "see fob passphrase --list");
	case FIDO_ERR_UNSUPPORTED_EXTENSION:
		return failed(ret, STATUS_FAILED,
			      "this security key cannot open a vault: it has "
			      "no hmac-secret");
	case FIDO_ERR_PIN_INVALID:
		return wrong_pin(key, ret);
	case FIDO_ERR_PIN_AUTH_BLOCKED:
		return failed(ret, STATUS_REFUSED,
			      "too many wrong PINs: take the security key out "
			      "and put it in again");
	case FIDO_ERR_PIN_BLOCKED:
	case FIDO_ERR_UV_BLOCKED:
		return failed(ret, STATUS_REFUSED,
			      "the security key is blocked after wrong PINs: "
			      "open the vault in another way");
	case FIDO_ERR_OPERATION_DENIED:
		return failed(ret, STATUS_REFUSED,
			      "the security key was told to refuse");
	case FIDO_ERR_TIMEOUT:
	case FIDO_ERR_ACTION_TIMEOUT:
	case FIDO_ERR_USER_ACTION_TIMEOUT:
	case FIDO_ERR_KEEPALIVE_CANCEL:
		return failed(ret, STATUS_TIMEOUT,
			      "the security key was not touched in time");
	default:
		return failed(ret, STATUS_FAILED, "the security key: %s",
			      fido_strerr(error));
	}
}

/* So few bytes are never cut short, getrandom(2). */
static void fill_random(uint8_t *ret, size_t n)
{
	REQUIRE(getrandom(ret, n, 0) == (ssize_t)n);
}

/* --- keys ------------------------------------------------------------------- */

static int open_key(const Fob__KeyAsk *ask, const struct device *device,
		    struct key *ret_key, struct key_answer *ret)
{
	int r = device_open(device, &ret_key->dev);

	if (r != FIDO_OK)
		return failed(ret, STATUS_FAILED,
			      "cannot open the security key at %s: %s",
			      device->path, fido_strerr(r));
	ret_key->device = *device;
	ret_key->timeout = ask->timeout_ms > INT32_MAX ? -1 :
							 (int)ask->timeout_ms;
	fido_dev_set_timeout(ret_key->dev, ret_key->timeout);
	return 0;
}

static bool verifies(const struct key *key)
{
	return fido_dev_has_pin(key->dev) || fido_dev_has_uv(key->dev);
}

/* Not for a key that has a sensor of its own, and for that alone. */
static int ask_pin(struct key *key, struct key_answer *ret)
{
	size_t n = 0;
	int r;

	if (key->pin || fido_dev_has_uv(key->dev) ||
	    !fido_dev_has_pin(key->dev))
		return 0;
	key->pin = secret_alloc(FIDO2_PIN_MAX + 1);
	if (!key->pin)
		return failed(ret, STATUS_FAILED, "no memory for secrets");
	r = prompt_secret("PIN of the security key: ", (uint8_t *)key->pin,
			  FIDO2_PIN_MAX, &n);
	if (r == PROMPT_ERR_TERMINAL)
		return failed(ret, STATUS_LOCKED,
			      "the security key asks for its PIN, and there is "
			      "no terminal");
	if (r == PROMPT_ERR_LONG)
		return failed(ret, STATUS_USAGE, "a PIN has at most %d bytes",
			      FIDO2_PIN_MAX);
	if (r != 0 || n == 0)
		return failed(ret, STATUS_LOCKED, "no PIN was given");
	return 0;
}

static void tell_touch(const struct key *key, const char *what)
{
	fputs(what, stderr);
	if (key->device.name[0]) {
		fputs(": ", stderr);
		print_text(stderr, key->device.name);
	}
	fputc('\n', stderr);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * libfido2 says only that nothing was read. A key that is left in the middle
 * of a question would go on blinking.
 */
static int settle(const struct key *key, uint64_t begun, int error)
{
	if (error != FIDO_ERR_RX || key->timeout < 0 ||
	    now_ms() - begun + 100 < (uint64_t)key->timeout)
		return error;
	fido_dev_cancel(key->dev);
	return FIDO_ERR_TIMEOUT;
}

/* --- secrets ---------------------------------------------------------------- */

struct question {
	const char *rp;
	struct bytes credential, salt;
	bool verify;
};

static struct question question_of(const Fob__Fido2 *fido2)
{
	return (struct question){
		.rp = fido2->rp,
		.credential = { fido2->credential.data, fido2->credential.len },
		.salt = { fido2->salt.data, fido2->salt.len },
		.verify = fido2->verify,
	};
}

/* What is signed is of no interest, so it is random. */
static int prepare(fido_assert_t *assertion, const struct question *q)
{
	uint8_t hash[32];
	int r;

	fill_random(hash, sizeof(hash));
	r = fido_assert_set_clientdata_hash(assertion, hash, sizeof(hash));
	if (r == FIDO_OK)
		r = fido_assert_set_rp(assertion, q->rp);
	if (r == FIDO_OK)
		r = fido_assert_allow_cred(assertion, q->credential.p,
					   q->credential.n);
	return r;
}

/* Does the key know the credential? It is asked without a touch. */
static int probe(const struct key *key, const struct question *q)
{
	fido_assert_t *assertion AUTO_ASSERTION = fido_assert_new();
	int r;

	if (!assertion)
		return FIDO_ERR_INTERNAL;
	r = prepare(assertion, q);
	if (r == FIDO_OK)
		r = fido_assert_set_up(assertion, FIDO_OPT_FALSE);
	return r == FIDO_OK ? fido_dev_get_assert(key->dev, assertion, NULL) :
			      r;
}

static int ask_secret(const struct key *key, const struct question *q,
		      fido_assert_t *assertion)
{
	uint64_t begun = now_ms();
	int r = prepare(assertion, q);

	if (r == FIDO_OK)
		r = fido_assert_set_extensions(assertion, FIDO_EXT_HMAC_SECRET);
	if (r == FIDO_OK)
		r = fido_assert_set_hmac_salt(assertion, q->salt.p, q->salt.n);
	if (r == FIDO_OK)
		r = fido_assert_set_up(assertion, FIDO_OPT_TRUE);
	if (r == FIDO_OK && q->verify && !key->pin)
		r = fido_assert_set_uv(assertion, FIDO_OPT_TRUE);
	if (r == FIDO_OK)
		r = fido_dev_get_assert(key->dev, assertion, key->pin);
	return settle(key, begun, r);
}

static int get_secret(struct key *key, const struct question *q,
		      struct key_answer *ret)
{
	fido_assert_t *assertion AUTO_ASSERTION = fido_assert_new();
	int r;

	if (!assertion)
		return failed(ret, STATUS_FAILED, "out of memory");
	if (q->verify && ask_pin(key, ret) != 0)
		return -1;
	tell_touch(key, ret->slot[0] ? "Touch the security key" :
				       "Touch it once more");
	r = ask_secret(key, q, assertion);
	if (r != FIDO_OK)
		return key_failed(key, r, ret);
	if (fido_assert_count(assertion) != 1 ||
	    fido_assert_hmac_secret_len(assertion, 0) != KEY_SIZE)
		return failed(ret, STATUS_FAILED,
			      "the security key gave no secret");
	memcpy(ret->secret, fido_assert_hmac_secret_ptr(assertion, 0),
	       KEY_SIZE);
	return 0;
}

/* --- a new credential ------------------------------------------------------- */

static int fill_credential(fido_cred_t *credential, const Fob__KeyAsk *ask)
{
	uint8_t hash[32], user[32];
	int r;

	fill_random(hash, sizeof(hash));
	fill_random(user, sizeof(user));
	r = fido_cred_set_type(credential, COSE_ES256);
	if (r == FIDO_OK)
		r = fido_cred_set_clientdata_hash(credential, hash,
						  sizeof(hash));
	if (r == FIDO_OK)
		r = fido_cred_set_rp(credential, RELYING_PARTY, RELYING_PARTY);
	if (r == FIDO_OK)
		r = fido_cred_set_user(credential, user, sizeof(user), "fob",
				       "fob", NULL);
	if (r == FIDO_OK)
		r = fido_cred_set_extensions(credential, FIDO_EXT_HMAC_SECRET);
	if (r == FIDO_OK)
		r = fido_cred_set_rk(credential, FIDO_OPT_FALSE);
	for (size_t i = 0; i < ask->n_slots && r == FIDO_OK; i++)
		if (ask->slots[i]->fido2)
			r = fido_cred_exclude(
				credential,
				ask->slots[i]->fido2->credential.data,
				ask->slots[i]->fido2->credential.len);
	return r;
}

static int make_credential(struct key *key, const Fob__KeyAsk *ask,
			   struct key_answer *ret)
{
	fido_cred_t *credential AUTO_CREDENTIAL = fido_cred_new();
	uint64_t begun;
	size_t n;
	int r;

	if (!credential)
		return failed(ret, STATUS_FAILED, "out of memory");
	r = fill_credential(credential, ask);
	if (r == FIDO_OK && ret->verify && !key->pin)
		r = fido_cred_set_uv(credential, FIDO_OPT_TRUE);
	tell_touch(key, "Touch the security key");
	begun = now_ms();
	if (r == FIDO_OK)
		r = fido_dev_make_cred(key->dev, credential, key->pin);
	r = settle(key, begun, r);
	if (r != FIDO_OK)
		return key_failed(key, r, ret);
	n = fido_cred_id_len(credential);
	if (n == 0 || n > FIDO2_CREDENTIAL_MAX)
		return failed(ret, STATUS_FAILED,
			      "the security key made a credential of %zu bytes",
			      n);
	memcpy(ret->credential, fido_cred_id_ptr(credential), n);
	ret->credential_len = n;
	return 0;
}

static bool has_hmac_secret(const struct key *key)
{
	fido_cbor_info_t *info = fido_cbor_info_new();
	bool found = false;

	if (info && fido_dev_get_cbor_info(key->dev, info) == FIDO_OK) {
		char **names = fido_cbor_info_extensions_ptr(info);
		size_t n = fido_cbor_info_extensions_len(info);

		for (size_t i = 0; i < n; i++)
			found |= strcmp(names[i], "hmac-secret") == 0;
	}
	fido_cbor_info_free(&info);
	return found;
}

/* --- which key -------------------------------------------------------------- */

static int list_keys(struct device list[static FIDO2_KEYS_MAX], size_t *ret_n,
		     struct key_answer *ret)
{
	int r = device_list(list, ret_n);

	if (r != FIDO_OK)
		return failed(ret, STATUS_FAILED,
			      "cannot look for security keys: %s",
			      fido_strerr(r));
	if (*ret_n == 0)
		return failed(ret, STATUS_LOCKED,
			      "no security key is plugged in");
	return 0;
}

void key_make(const Fob__KeyAsk *ask, struct key_answer *ret)
{
	struct device list[FIDO2_KEYS_MAX];
	struct key key AUTO_KEY = { 0 };
	struct question q = { .rp = RELYING_PARTY };
	size_t n = 0;

	if (list_keys(list, &n, ret) != 0)
		return;
	if (n > 1) {
		failed(ret, STATUS_AMBIGUOUS,
		       "%zu security keys are plugged in: leave only the new "
		       "one",
		       n);
		return;
	}
	if (open_key(ask, &list[0], &key, ret) != 0)
		return;
	if (!has_hmac_secret(&key)) {
		key_failed(&key, FIDO_ERR_UNSUPPORTED_EXTENSION, ret);
		return;
	}
	ret->verify = verifies(&key);
	if (ask_pin(&key, ret) != 0 || make_credential(&key, ask, ret) != 0)
		return;
	fill_random(ret->salt, sizeof(ret->salt));
	q.credential = (struct bytes){ ret->credential, ret->credential_len };
	q.salt = BYTES(ret->salt);
	q.verify = ret->verify;
	get_secret(&key, &q, ret);
}

/* The slot whose credential the key knows, or NULL; *ret_error: why. */
static const Fob__Slot *known(const struct key *key, const Fob__KeyAsk *ask,
			      int *ret_error)
{
	*ret_error = FIDO_ERR_NO_CREDENTIALS;
	for (size_t i = 0; i < ask->n_slots; i++) {
		struct question q;
		int r;

		if (!ask->slots[i]->fido2)
			continue;
		q = question_of(ask->slots[i]->fido2);
		r = probe(key, &q);
		if (r == FIDO_OK)
			return ask->slots[i];
		if (r != FIDO_ERR_NO_CREDENTIALS &&
		    r != FIDO_ERR_INVALID_CREDENTIAL)
			*ret_error = r;
	}
	return NULL;
}

void key_secret(const Fob__KeyAsk *ask, struct key_answer *ret)
{
	struct device list[FIDO2_KEYS_MAX];
	size_t n = 0;

	if (list_keys(list, &n, ret) != 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct key key AUTO_KEY = { 0 };
		const Fob__Slot *slot;
		struct question q;
		int r;

		if (open_key(ask, &list[i], &key, ret) != 0)
			continue;
		slot = known(&key, ask, &r);
		if (!slot) {
			key_failed(&key, r, ret);
			continue;
		}
		ret->status = STATUS_OK;
		snprintf(ret->slot, sizeof(ret->slot), "%s", slot->name);
		q = question_of(slot->fido2);
		get_secret(&key, &q, ret);
		return;
	}
}
