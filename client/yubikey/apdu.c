#include "client/yubikey/apdu.h"

#include <sodium.h>
#include <string.h>

#define STATUS_SIZE 2

size_t apdu_write(uint8_t ret[static APDU_MAX],
		  const struct command_apdu *command)
{
	size_t n = command->data.n;

	REQUIRE(n <= APDU_DATA_MAX);
	ret[0] = 0;
	ret[1] = command->ins;
	ret[2] = command->p1;
	ret[3] = command->p2;
	if (n == 0)
		return 4;
	ret[4] = (uint8_t)n;
	memcpy(ret + 5, command->data.p, n);
	return 5 + n;
}

void answer_apdu_init(struct answer_apdu *answer)
{
	answer->n = 0;
	answer->status = 0;
}

void answer_apdu_wipe(struct answer_apdu *answer)
{
	sodium_memzero(answer, sizeof(*answer));
}

int answer_apdu_take(struct answer_apdu *answer, struct bytes piece)
{
	size_t n;
	bool more;

	if (piece.n < STATUS_SIZE)
		return APDU_ERR_BROKEN;
	n = piece.n - STATUS_SIZE;
	if (n > sizeof(answer->data) - answer->n)
		return APDU_ERR_BROKEN;
	if (n > 0)
		memcpy(answer->data + answer->n, piece.p, n);
	answer->n += n;
	answer->status = (unsigned int)(piece.p[n] << 8 | piece.p[n + 1]);
	more = (answer->status & 0xff00u) == APDU_MORE;
	if (more && n == 0)
		return APDU_ERR_BROKEN;
	return more ? APDU_ERR_MORE : 0;
}
