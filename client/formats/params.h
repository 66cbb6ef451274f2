/*
 * The query of a URI, split and decoded: only the keys that some format
 * knows, the first of equal ones, everything else is passed over unread. It
 * owns the decoded bytes, secrets among them, and wipes them.
 */
#ifndef FOB_FORMATS_PARAMS_H
#define FOB_FORMATS_PARAMS_H

#include "client/formats/entry.h"

enum {
	PARAMS_ERR_INVALID = 1, /* a known key's value is badly encoded */
};

enum param {
	PARAM_SECRET,
	PARAM_ISSUER,
	PARAM_ALGORITHM,
	PARAM_DIGITS,
	PARAM_PERIOD,
	PARAM_COUNTER,
	PARAM_ENCODER,	    /* KeePassXC: "steam" */
	PARAM_STEAM,	    /* Stratum: the bare word */
	PARAM_PIN,	    /* Aegis, Yandex: base32 of it */
	PARAM_CODE_DISPLAY, /* Ente: JSON */
	PARAM_DATA,	    /* Google's migration payload; "+" stays */
	PARAMS,
};

struct params {
	uint8_t *buffer; /* owned */
	size_t size;
	bool given[PARAMS];
	struct bytes value[PARAMS]; /* in buffer; of any content */
};

/*
 * query: what comes after the "?". 0, -ENOMEM or PARAMS_ERR_INVALID with
 * *ret_fault; params must be zeroed before, and deinitialised in any case.
 */
int params_parse(struct params *params, struct bytes query,
		 struct fault *ret_fault);
void params_deinit(struct params *params);

#define AUTO_PARAMS CLEANUP(params_deinit)

#endif
