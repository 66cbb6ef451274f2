/*
 * A hostile security key: whatever it answers, the conversation ends, and
 * what is taken for an account has a name that can be asked for again. The
 * input is its answers, each behind a byte of its length; 255 stands for the
 * longest piece.
 *
 * Covers: yubikey/tlv, yubikey/apdu, yubikey/access, yubikey/credential,
 * yubikey/oath, yubikey/session
 */
#include <string.h>

#include "client/yubikey/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int transmit(void *context, struct bytes command,
		    uint8_t ret[static APDU_PIECE_MAX], size_t *ret_n)
{
	struct bytes *input = context;
	size_t n;

	REQUIRE(command.n >= 4 && command.n <= APDU_MAX);
	if (input->n == 0)
		return -1;
	n = input->p[0] == 255 ? APDU_PIECE_MAX : input->p[0];
	n = size_min(n, input->n - 1);
	memcpy(ret, input->p + 1, n);
	*input = (struct bytes){ input->p + 1 + n, input->n - 1 - n };
	*ret_n = n;
	return 0;
}

static void check(const struct credential *credential)
{
	const uint8_t *end = credential->name + credential->n;
	struct credential_parts parts;

	REQUIRE(credential->n > 0 && credential->n <= CARD_NAME_MAX);
	credential_split(credential, &parts);
	REQUIRE(parts.account.p + parts.account.n == end);
	REQUIRE(parts.issuer.n == 0 ||
		parts.issuer.p + parts.issuer.n + 1 == parts.account.p);
	REQUIRE(parts.issuer.p >= credential->name);
	REQUIRE(parts.period <= PERIOD_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t challenge[OATH_CHALLENGE_SIZE];
	static struct credentials all;
	static struct session session;
	struct bytes input = { data, size };
	struct line line = { transmit, &input };
	struct bytes name;

	session_init(&session, &line);
	if (session_select(&session) != 0)
		return 0;
	REQUIRE(session.card.device_n > 0 &&
		session.card.device_n <= OATH_DEVICE_MAX);
	if (session.card.locked)
		/* It can go on; the caller would not. */
		session_validate(&session, (struct bytes){ challenge, 4 },
				 challenge);
	if (session_list(&session, 1, &all) != 0)
		return 0;
	REQUIRE(all.n <= CARD_NAMES_MAX);
	for (size_t i = 0; i < all.n; i++)
		check(&all.list[i]);
	if (all.n == 0)
		return 0;
	name = (struct bytes){ all.list[0].name, all.list[0].n };
	REQUIRE(oath_find(&all, name));
	session_delete(&session, name);
	session_deinit(&session);
	return 0;
}
