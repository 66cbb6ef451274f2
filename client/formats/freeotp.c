#include "client/formats/freeotp.h"

#include <stdlib.h>
#include <string.h>

#include "client/formats/token.h"
#include "client/formats/xml.h"
#include "proto/text.h"

static const char order[] = "tokenOrder";

bool freeotp_detect(struct bytes file)
{
	return xml_begins(file, "map") &&
	       memmem(file.p, file.n, order, strlen(order)) != NULL;
}

static int read_token(struct import *import, const struct xml *element)
{
	AUTO_JSON_VALUE json_t *object = NULL;
	struct fault fault = { "record", "is no sound JSON" };
	int r = json_read(xml_text(element), import, &object);

	if (r == IMPORT_ERR_FILE) {
		/* Only this one is damaged, not the file. */
		free(import->error);
		import->error = NULL;
		return import_skip(import, element->line, fault,
				   xml_attribute(element, "name"));
	}
	if (r != 0)
		return r;
	return token_add(import, element->line, object,
			 (struct bytes){ NULL, 0 });
}

int freeotp_read(struct bytes file, struct import *import)
{
	AUTO_XML struct xml *root = NULL;
	int r = xml_read(file, import, &root);

	if (r != 0)
		return r;
	if (strcmp(root->name, "map") != 0)
		return import_fail(
			import,
			"the file has no list of accounts: its root is no map");
	for (const struct xml *e = xml_child(root, "string"); e;
	     e = xml_next(e, "string")) {
		if (text_same(xml_attribute(e, "name"), text_of(order)))
			continue;
		r = read_token(import, e);
		if (r != 0)
			return r;
	}
	return 0;
}
