/*
 * Options of the command line: a table for each command, the global ones
 * everywhere, "--name value" and "--name=value", "--" ends them, and "-" is
 * an argument like others. Texts point into argv and are never copied.
 */
#ifndef FOB_CLIENT_OPTIONS_H
#define FOB_CLIENT_OPTIONS_H

#include "proto/base.h"

#define OPTIONS_TEXTS_MAX 64

struct fob;

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* char * */
	OPTION_TEXTS,  /* struct texts, may be given again and again */
	OPTION_NUMBER, /* struct number */
};

/* NULL until it is given. */
struct texts {
	char *list[OPTIONS_TEXTS_MAX];
	size_t n;
};

struct number {
	bool set;
	uint64_t value;
};

struct option {
	const char *name; /* without the dashes */
	char letter;	  /* 0: none */
	enum option_kind kind;
	void *ret; /* of the type that kind says */
};

/*
 * argv ends with NULL and does not hold the name of the command. True: go
 * on, *ret_arguments is what is no option. False: stop with fob->status;
 * what is to be told was told (the command's help, or what is wrong).
 */
bool options_parse(struct fob *fob, char **argv, const struct option *own,
		   size_t n_own, struct texts *ret_arguments);

/*
 * The global options in front of the command; *ret_argv is what follows
 * them, and begins with the name of the command. Returns as above.
 */
bool options_global(struct fob *fob, char **argv, char ***ret_argv);

/* Decimal digits only, at most 20 of them; false when it is anything else. */
bool options_number(const char *text, uint64_t *ret_value);

/*
 * The one argument of a command that takes none or one, "" when it is
 * absent. False: there are more, which was told.
 */
bool options_one(struct fob *fob, const struct texts *arguments,
		 char **ret_one);

/* Exactly n arguments; what: "QUERY", for the message. */
bool options_exactly(struct fob *fob, const struct texts *arguments, size_t n,
		     const char *what);

#endif
