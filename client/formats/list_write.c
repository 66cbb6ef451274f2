/* Lines of URIs, those of the accounts or those of Google's export. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

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

int list_write_google(const struct export *export, struct document *document)
{
	struct google_batch batch = {
		.entries = export->import.entries,
		.n = export->import.n,
	};
	int r = 0;

	randombytes_buf(&batch.id, sizeof(batch.id));
	for (size_t i = 0; r == 0 && i < google_count(&batch); i++) {
		char *uri;

		r = google_write(&batch, i, &uri);
		if (r != 0)
			break;
		document_put(document, uri);
		document_put(document, "\n");
		sodium_memzero(uri, strlen(uri));
		free(uri);
	}
	return r;
}
