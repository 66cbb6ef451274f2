#include "client/formats/formats.h"

#include <string.h>

#include "client/formats/aegis.h"
#include "client/formats/andotp.h"
#include "client/formats/archive.h"
#include "client/formats/authy.h"
#include "client/formats/bitwarden.h"
#include "client/formats/bitwarden_authenticator.h"
#include "client/formats/bitwarden_csv.h"
#include "client/formats/csv.h"
#include "client/formats/duo.h"
#include "client/formats/ente.h"
#include "client/formats/freeotp.h"
#include "client/formats/freeotp2.h"
#include "client/formats/freeotp_plus.h"
#include "client/formats/google.h"
#include "client/formats/keepassxc_csv.h"
#include "client/formats/keepassxc_xml.h"
#include "client/formats/lastpass.h"
#include "client/formats/list.h"
#include "client/formats/pass.h"
#include "client/formats/proton.h"
#include "client/formats/pskc.h"
#include "client/formats/raivo.h"
#include "client/formats/steam.h"
#include "client/formats/stratum.h"
#include "client/formats/totp_authenticator.h"
#include "client/formats/twofas.h"
#include "client/formats/winauth.h"

/* The first that detects a file reads it, so the stricter stand first. */
static const struct format formats[] = {
	{ "zip", archive_detect, archive_read },
	{ "google", google_detect, google_read },
	{ "winauth", winauth_detect, winauth_read },
	{ "uri", list_detect, list_read },
	{ "stratum", stratum_detect, stratum_read },
	{ "aegis", aegis_detect, aegis_read },
	{ "2fas", twofas_detect, twofas_read },
	{ "ente", ente_detect, ente_read },
	{ "proton", proton_detect, proton_read },
	{ "bitwarden-authenticator", bitwarden_authenticator_detect,
	  bitwarden_authenticator_read },
	{ "bitwarden", bitwarden_detect, bitwarden_read },
	{ "bitwarden-csv", bitwarden_csv_detect, bitwarden_csv_read },
	{ "freeotp-plus", freeotp_plus_detect, freeotp_plus_read },
	{ "freeotp2", freeotp2_detect, freeotp2_read },
	{ "authy", authy_detect, authy_read },
	{ "freeotp", freeotp_detect, freeotp_read },
	{ "keepassxc-xml", keepassxc_xml_detect, keepassxc_xml_read },
	{ "keepassxc-csv", keepassxc_csv_detect, keepassxc_csv_read },
	{ "pskc", pskc_detect, pskc_read },
	{ "lastpass", lastpass_detect, lastpass_read },
	{ "steam", steam_detect, steam_read },
	{ "raivo", raivo_detect, raivo_read },
	{ "duo", duo_detect, duo_read },
	{ "totp-authenticator", totp_authenticator_detect,
	  totp_authenticator_read },
	{ "csv", csv_detect, csv_read },
	{ "pass", pass_detect, pass_read },
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
