/*
 * Answers on standard output: plain lines for scripts, escaped text, colour
 * and tables for a terminal, and times as people read them. A table owns
 * copies of its cells and wipes them, since a cell may be a code.
 */
#ifndef FOB_CLIENT_PRINT_H
#define FOB_CLIENT_PRINT_H

#include <stdio.h>

#include "client/command.h"
#include "client/json.h"

/* Is the answer for a person? Not with --json. */
bool print_terminal(const struct fob *fob);
bool print_colour(const struct fob *fob);

/* Text of others: escaped when out is a terminal, else as it is. */
void print_text(FILE *out, const char *text);
void print_bytes(FILE *out, struct bytes text);

/* "name: value" */
void print_pair(const char *name, const char *value);

/* The texts with a space between, cut when they do not fit. */
void print_joined(char *ret, size_t size, char *const *texts, size_t n);

void print_hex(FILE *out, struct bytes b);

/* What a command answers: 0, or the status when it could not be written. */
int print_json(struct fob *fob, struct json *json);
int print_done(struct fob *fob);

/* 2025-03-01 12:00:05 +01:00 in local time; "-" for 0. */
#define PRINT_TIME_SIZE 32
void print_time(char ret[static PRINT_TIME_SIZE], uint64_t ms);

/* Columns that a text takes on a terminal. */
size_t print_width(const char *text);

#define TABLE_COLUMNS_MAX 8

struct table {
	size_t columns;
	char **cells; /* owned, row after row, the first is the heading */
	size_t n, capacity;
	bool failed; /* memory ran out */
};

void table_init(struct table *table, size_t columns);
void table_deinit(struct table *table);
#define AUTO_TABLE CLEANUP(table_deinit)

/* The next cell, copied and escaped. */
void table_add(struct table *table, const char *text);

/* With bold headings where there is colour. */
void table_print(const struct fob *fob, const struct table *table);

#endif
