#include "client/yubikey/session.h"

#include <sodium.h>
#include <string.h>

#include "client/yubikey/access.h"
#include "client/yubikey/tlv.h"

#define SELECT_BY_NAME 0x04 /* P1 */
#define TRUNCATED 0x01	    /* P2 of CALCULATE ALL: codes, no whole hashes */

void session_init(struct session *session, const struct line *line)
{
	*session = (struct session){ .line = line };
}

void session_deinit(struct session *session)
{
	sodium_memzero(session, sizeof(*session));
}

/* One command and one piece; *ret_more: there are others. */
static int transmit(struct session *session, const struct command_apdu *command,
		    bool *ret_more)
{
	uint8_t bytes[APDU_MAX], piece[APDU_PIECE_MAX];
	size_t n = 0;
	struct bytes out = { bytes, apdu_write(bytes, command) };
	int r = session->line->transmit(session->line->context, out, piece, &n);

	sodium_memzero(bytes, sizeof(bytes));
	if (r != 0)
		return SESSION_ERR_LINE;
	REQUIRE(n <= sizeof(piece));
	r = answer_apdu_take(&session->answer, (struct bytes){ piece, n });
	sodium_memzero(piece, sizeof(piece));
	*ret_more = r == APDU_ERR_MORE;
	return r == APDU_ERR_BROKEN ? SESSION_ERR_BROKEN : 0;
}

static int judge(unsigned int status)
{
	switch (status) {
	case APDU_OK:
		return 0;
	case APDU_LOCKED:
		return SESSION_ERR_LOCKED;
	case APDU_FULL:
		return SESSION_ERR_FULL;
	case APDU_NO_OBJECT:
		return SESSION_ERR_NAME;
	default:
		return SESSION_ERR_STATUS;
	}
}

/* The whole answer, piece by piece. */
static int say(struct session *session, const struct command_apdu *command)
{
	static const struct command_apdu remaining = { .ins = OATH_REMAINING };
	bool more = false;
	int r;

	answer_apdu_init(&session->answer);
	r = transmit(session, command, &more);
	while (r == 0 && more)
		r = transmit(session, &remaining, &more);
	return r ? r : judge(session->answer.status);
}

static struct bytes answer_of(const struct session *session)
{
	return (struct bytes){ session->answer.data, session->answer.n };
}

static int broken(int r)
{
	return r == 0 ? 0 : SESSION_ERR_BROKEN;
}

int session_select(struct session *session)
{
	struct command_apdu command = { .ins = OATH_SELECT,
					.p1 = SELECT_BY_NAME,
					.data = oath_applet };
	int r = say(session, &command);

	/* Whatever a card without OATH says to that. */
	if (r != 0)
		return r == SESSION_ERR_LINE || r == SESSION_ERR_BROKEN ?
			       r :
			       SESSION_ERR_APPLET;
	return broken(oath_read_select(answer_of(session), &session->card));
}

int session_validate(struct session *session, struct bytes code,
		     const uint8_t challenge[static OATH_CHALLENGE_SIZE])
{
	uint8_t key[ACCESS_KEY_SIZE], ours[ACCESS_PROOF_SIZE];
	uint8_t theirs[ACCESS_PROOF_SIZE], data[APDU_DATA_MAX];
	struct command_apdu command = { .ins = OATH_VALIDATE };
	struct bytes proof;
	size_t n = 0;
	int r;

	access_key(code,
		   (struct bytes){ session->card.device,
				   session->card.device_n },
		   key);
	access_proof(key, BYTES(session->card.challenge), ours);
	access_proof(key, (struct bytes){ challenge, OATH_CHALLENGE_SIZE },
		     theirs);
	sodium_memzero(key, sizeof(key));
	tlv_put(data, sizeof(data), &n,
		(struct tlv){ OATH_RESPONSE, BYTES(ours) });
	tlv_put(data, sizeof(data), &n,
		(struct tlv){ OATH_CHALLENGE,
			      { challenge, OATH_CHALLENGE_SIZE } });
	command.data = (struct bytes){ data, n };
	r = say(session, &command);
	if (r == SESSION_ERR_STATUS && session->answer.status == APDU_SYNTAX)
		return SESSION_ERR_CODE;
	if (r == 0)
		r = broken(oath_read_proof(answer_of(session), &proof));
	if (r == 0 && sodium_memcmp(proof.p, theirs, sizeof(theirs)) != 0)
		r = SESSION_ERR_FALSE;
	return r;
}

/* Both are wanted: LIST knows the hashes, CALCULATE ALL who takes a touch. */
int session_list(struct session *session, uint64_t step,
		 struct credentials *ret)
{
	struct command_apdu list = { .ins = OATH_LIST };
	struct command_apdu all = { .ins = OATH_CALCULATE_ALL,
				    .p2 = TRUNCATED };
	uint8_t challenge[OATH_CHALLENGE_SIZE], data[2 + OATH_CHALLENGE_SIZE];
	size_t n = 0;
	int r = say(session, &list);

	if (r == 0)
		r = broken(oath_read_list(answer_of(session), ret));
	if (r != 0 || ret->n == 0)
		return r;
	for (size_t i = 0; i < sizeof(challenge); i++)
		challenge[i] = (uint8_t)(step >> (56 - 8 * i));
	tlv_put(data, sizeof(data), &n,
		(struct tlv){ OATH_CHALLENGE, BYTES(challenge) });
	all.data = (struct bytes){ data, n };
	r = say(session, &all);
	if (r == 0)
		r = broken(oath_read_touch(answer_of(session), ret));
	answer_apdu_wipe(&session->answer);
	return r;
}

int session_put(struct session *session, const struct credential *credential,
		const Fob__OtpValue *otp)
{
	uint8_t data[APDU_DATA_MAX];
	struct command_apdu command = { .ins = OATH_PUT };
	int r;

	command.data.p = data;
	command.data.n = credential_put(credential, otp, data);
	r = say(session, &command);
	sodium_memzero(data, sizeof(data));
	return r;
}

int session_delete(struct session *session, struct bytes name)
{
	uint8_t data[2 + CARD_NAME_MAX];
	struct command_apdu command = { .ins = OATH_DELETE };
	size_t n = 0;

	tlv_put(data, sizeof(data), &n, (struct tlv){ OATH_NAME, name });
	command.data = (struct bytes){ data, n };
	return say(session, &command);
}
