#include "client/formats/refusal.h"

#include <stdio.h>

#include "client/formats/crypt.h"

#define TEXT_SIZE 200

int refusal_line(struct import *import, unsigned long line,
		 unsigned long column, const char *why)
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text),
		 "the file is damaged: line %lu, column %lu: %s", line, column,
		 why);
	return import_fail(import, text);
}

int refusal_text(struct import *import, struct bytes text, size_t at,
		 const char *why)
{
	unsigned long line = 1, column = 1;

	for (size_t i = 0; i < at && i < text.n; i++) {
		column++;
		if (text.p[i] != '\n')
			continue;
		line++;
		column = 1;
	}
	return refusal_line(import, line, column, why);
}

int refusal_byte(struct import *import, uint64_t at, const char *why)
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text), "the file is damaged: byte %llu: %s",
		 (unsigned long long)at, why);
	return import_fail(import, text);
}

int refusal_list(struct import *import, const char *key)
{
	char text[TEXT_SIZE];

	if (!key)
		return import_fail(import, "the file has no list of accounts: "
					   "its JSON is no array");
	snprintf(text, sizeof(text),
		 "the file has no list of accounts: \"%s\" is missing, or no "
		 "array",
		 key);
	return import_fail(import, text);
}

int refusal_newer(struct import *import, const struct refusal_version *known,
		  bool sound, uint64_t version)
{
	char text[TEXT_SIZE];

	if (sound && version <= known->newest)
		return 0;
	if (!sound)
		snprintf(text, sizeof(text),
			 "the file is of no %s that is known here: %s is no "
			 "version",
			 known->application, known->key);
	else
		snprintf(text, sizeof(text),
			 "the file is of a newer %s than is known here: %s is "
			 "%llu, and %llu is the newest that can be read",
			 known->application, known->key,
			 (unsigned long long)version,
			 (unsigned long long)known->newest);
	return import_fail(import, text);
}

int refusal_crypt(struct import *import, const char *fields, int error)
{
	char text[TEXT_SIZE];

	switch (error) {
	case CRYPT_ERR_FORGED:
		return import_wrong(import);
	case CRYPT_ERR_COST:
		snprintf(text, sizeof(text),
			 "%s: opening the file would take more memory or time "
			 "than is given to any file",
			 fields);
		return import_fail(import, text);
	case CRYPT_ERR_NUMBERS:
		snprintf(text, sizeof(text),
			 "%s: what the file says about its encryption makes no "
			 "sense",
			 fields);
		return import_fail(import, text);
	default:
		REQUIRE(error < 0);
		return error;
	}
}
