#include "client/formats/formats.h"

#include <string.h>

#include "client/formats/aegis.h"
#include "client/formats/andotp.h"
#include "client/formats/ente.h"
#include "client/formats/google.h"
#include "client/formats/list.h"
#include "client/formats/proton.h"
#include "client/formats/stratum.h"
#include "client/formats/twofas.h"

/* The first that detects a file reads it, so the stricter stand first. */
static const struct format formats[] = {
	{ "google", google_detect, google_read },
	{ "uri", list_detect, list_read },
	{ "stratum", stratum_detect, stratum_read },
	{ "aegis", aegis_detect, aegis_read },
	{ "2fas", twofas_detect, twofas_read },
	{ "ente", ente_detect, ente_read },
	{ "proton", proton_detect, proton_read },
	/* Without a magic: whatever nobody else knows, and is noise. */
	{ "andotp", andotp_detect, andotp_read },
};

const struct format *formats_at(size_t i)
{
	return i < ARRAY_SIZE(formats) ? &formats[i] : NULL;
}

const struct format *formats_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

const struct format *formats_detect(struct bytes file)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].detect(file))
			return &formats[i];
	return NULL;
}
