#include "client/formats/params.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/percent.h"

static const char *const keys[PARAMS] = {
	[PARAM_SECRET] = "secret",
	[PARAM_ISSUER] = "issuer",
	[PARAM_ALGORITHM] = "algorithm",
	[PARAM_DIGITS] = "digits",
	[PARAM_PERIOD] = "period",
	[PARAM_COUNTER] = "counter",
	[PARAM_ENCODER] = "encoder",
	[PARAM_STEAM] = "steam",
	[PARAM_PIN] = "pin",
	[PARAM_CODE_DISPLAY] = "codeDisplay",
	[PARAM_DATA] = "data",
};

static enum param find_key(struct bytes key)
{
	for (size_t i = 0; i < PARAMS; i++)
		if (strlen(keys[i]) == key.n &&
		    strncasecmp(keys[i], (const char *)key.p, key.n) == 0)
			return (enum param)i;
	return PARAMS;
}

/* Cuts text at the first c; what follows it goes to *ret_rest. */
static struct bytes cut(struct bytes text, char c, struct bytes *ret_rest)
{
	const uint8_t *at = text.n ? memchr(text.p, c, text.n) : NULL;
	struct bytes head = text;

	*ret_rest = (struct bytes){ text.p + text.n, 0 };
	if (at) {
		head.n = (size_t)(at - text.p);
		*ret_rest = (struct bytes){ at + 1, text.n - head.n - 1 };
	}
	return head;
}

static int take(struct params *params, struct bytes pair, uint8_t **end,
		struct fault *ret_fault)
{
	struct bytes value;
	enum param which = find_key(cut(pair, '=', &value));
	size_t n;

	if (which == PARAMS || params->given[which])
		return 0;
	if (percent_decode(value, which != PARAM_DATA, *end, &n) != 0) {
		ret_fault->field = keys[which];
		ret_fault->why = "has a % without two hex digits after it";
		return PARAMS_ERR_INVALID;
	}
	params->given[which] = true;
	params->value[which] = (struct bytes){ *end, n };
	*end += n;
	return 0;
}

int params_parse(struct params *params, struct bytes query,
		 struct fault *ret_fault)
{
	uint8_t *end;

	params->size = query.n + 1;
	params->buffer = calloc(1, params->size);
	if (!params->buffer)
		return -ENOMEM;
	end = params->buffer;
	while (query.n > 0) {
		struct bytes pair = cut(query, '&', &query);
		int r = take(params, pair, &end, ret_fault);

		if (r != 0)
			return r;
	}
	return 0;
}

void params_deinit(struct params *params)
{
	if (params->buffer)
		sodium_memzero(params->buffer, params->size);
	free(params->buffer);
	*params = (struct params){ 0 };
}
