/* Lines of URIs, those of the accounts or those of Google's export. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/code.h"
#include "client/formats/export.h"
#include "client/formats/google.h"

int list_write(const struct export *export, struct document *document)
{
	for (size_t i = 0; i < export->import.n; i++) {
		export_uri(document, &export->import.entries[i],
			   EXPORT_STEAM_TYPE);
		document_put(document, "\n");
	}
	return 0;
}

/* Sets *ret_long when there is a line that no QR code would hold. */
static int put_batch(const struct google_batch *batch,
		     struct document *document, bool *ret_long)
{
	*ret_long = false;
	for (size_t i = 0; i < google_count(batch); i++) {
		char *uri;
		int r = google_write(batch, i, &uri);

		if (r != 0)
			return r;
		if (strlen(uri) > CODE_TEXT_MAX)
			*ret_long = true;
		document_put(document, uri);
		document_put(document, "\n");
		sodium_memzero(uri, strlen(uri));
		free(uri);
	}
	return 0;
}

/* Of long names fewer go into one code. */
int list_write_google(const struct export *export, struct document *document)
{
	struct google_batch batch = {
		.entries = export->import.entries,
		.n = export->import.n,
	};
	bool too_long = true;
	int r = 0;

	randombytes_buf(&batch.id, sizeof(batch.id));
	for (size_t each = MIGRATION_ACCOUNTS; r == 0 && too_long && each > 0;
	     each--) {
		document_free(document);
		batch.each = each;
		r = put_batch(&batch, document, &too_long);
	}
	return r;
}
