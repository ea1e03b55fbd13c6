# Every statement finds its rows by an index, and every index serves a statement:
# the cost of a request does not grow with the rows of others.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case;
use Edu::Database;
use Test::More;

# What reads a table as a whole: those of one row, or of which one is read, and
# all classes; and what may read all assignments of a class, for a page across
# submissions.
my $MAY = qr/FROM edu_schema$|FROM edu_secret$|h\.seq DESC LIMIT 1$|^SELECT '', '', '', count|a\.id IN \(SELECT (?:[ks]\.)?assignment_id|FROM edu_class c WHERE id > |\) FROM edu_class$/;

# A page is a scan of an index that ends where the page does: nothing is sorted
# for it.  What is sorted is recent submissions of one version; the only
# submission of a recipient; one's own assignments of so many classes as a page
# may take; and pages that are merged, of a history or across submissions.
my $PAGE = qr/ LIMIT 101/;
my $SORTS = qr/ORDER BY version|AND user_id = |FROM edu_history|\) r ORDER BY 2, 3/;

# How a database is asked for a plan, and how it names a table that it scans;
# what is read of one role alone (a page by MariaDB only where it guesses that
# others are many); what indexes there are besides those of keys.
my %ASK = (
    sqlite3 => {
        plan    => \&plan_lite,
        each    => qr/json_each/,
        clock   => qr/CAST\(\(julianday[^\0]+/,
        place   => 'instr',
        if_any  => qr/\(SELECT %s FROM %s\)/,
        sort    => qr/USE TEMP B-TREE FOR ORDER BY/,
        role    => qr/ AND role = /,
        scans   => \&scans_lite,
        indexes => q{SELECT name FROM sqlite_master WHERE type = 'index'}
            . q{ AND sql IS NOT NULL},
    },
    pgsql => {
        analyze => 'ANALYZE',
        plan    => \&plan_pg,
        each    => qr/json_array_elements/,
        clock   => qr/FLOOR[^\0]+clock_timestamp[^\0]+/,
        place   => 'strpos',
        if_any  => qr/\(SELECT %s FROM %s\)/,
        sort    => qr/(?<!Incremental )Sort/,
        role    => qr/ AND role = /,
        scans   => \&scans_pg,
        indexes => 'SELECT indexrelid::regclass FROM pg_index WHERE'
            . q{ NOT indisunique AND indrelid::regclass::text LIKE 'edu%'},
    },
    mysql => {
        plan    => \&plan_maria,
        each    => qr/JSON_TABLE/,
        clock   => qr/UNIX_TIMESTAMP\(\)/,
        place   => 'INSTR',
        if_any  => qr/%s AND \(SELECT 1 FROM %s\)/,
        sort    => qr/filesort/,
        role    => qr/count.* AND role = /,
        scans   => \&scans_maria,
        indexes => 'SELECT DISTINCT index_name FROM'
            . ' information_schema.statistics WHERE table_schema = database()'
            . q{ AND non_unique = 1 AND table_name LIKE 'edu%'},
    },
);
my $ask = $ASK{ database()->{name} };

sub plan_lite {
    my ($statement) = @_;
    $statement =~ s/%s/?/g;
    $statement =~ s/OCTET_LENGTH\((\S+?)\)/LENGTH(CAST($1 AS BLOB))/g;
    return sql("EXPLAIN QUERY PLAN $statement");
}

# "SCAN s" may be of rows that another part of the plan has found.
sub scans_lite {
    my ($plan) = @_;
    my %found = map { $_ => 1 } $plan =~ /(?:CO-ROUTINE|MATERIALIZE) (\w+)/g;
    # json_each is a parameter's
    return grep { !$found{$_} }
        $plan =~ /SCAN (?!CONSTANT ROW|json_each)(\w+)/g;
}

# A plan for all values, as prepared statements come to have.
sub plan_pg {
    my ($statement) = @_;
    my $n = 0;
    $statement =~ s/%s/'$' . ++$n/ge;
    my $values = join ', ', ("'x'") x $n;
    return sql("PREPARE edu_plan AS $statement;"
        . ' EXPLAIN (COSTS OFF) EXECUTE edu_plan'
        . ($n ? "($values)" : '') . '; DEALLOCATE edu_plan');
}

# A key that is looked up by its first ids alone is a small scan; a version is
# as good as a key.
sub scans_pg {
    my ($plan) = @_;
    return map {
        my ($table) = /(?:Seq Scan|Index.* Scan.*) on (\w+)/;
        $table && (!/Index Cond/ || !/Index Cond: .*version = /
                   && /Filter: (?!.*created).*\(id = (?:\$|k\.)/)
            ? $table : ();
    } split /->/, $plan;
}

# Without the keys that were possible.
sub plan_maria {
    my ($statement) = @_;
    return sql('EXPLAIN ' . $statement =~ s/%s/'x'/gr)
        =~ s/^((?:[^\t]*\t){4})[^\t]*\t/$1/gmr;
}

sub scans_maria {
    my ($plan) = @_;
    return map {
        my (undef, $verb, $table, $type) = split /\t/;
        # e is the table of a parameter
        $table =~ /^(?!e$)\w/ && $type =~ /^(?:ALL|index)$/ && $verb ne 'INSERT'
            ? $table : ();
    } split /\n/, $plan;
}

# --------------------------------------------------------------- statements

# As the library holds them, but for those that make the schema; those with rowid
# are for SQLite alone, and those that are for several calls for PostgreSQL.
my ($library) = glob "$Bin/../lib/libeduoutcomes.so";
my @statements = grep { /edu_/ && !/INTO edu_schema|SET shown_version = v|sqlite_master|'%s'/
                        && (!/rowid/ || database()->{name} eq 'sqlite3')
                        && (!/unnest/ || database()->{name} eq 'pgsql') }
    slurp($library)
    =~ /(?<=\0)((?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH) [ -~]+)(?=\0)/g;
my $inlined = database()->{name} eq 'sqlite3' ? 'NOT MATERIALIZED ' : '';
my ($clock) = slurp($library) =~ /\0($ask->{clock})\0/;
my ($found) = slurp($library) =~ /\0( OR a\.id IN [^\0]*)\0/;
# a number amid the rows: one at an end would be as good as a key
s{EDU_INLINE }{$inlined}g, s{EDU_CLOCK\(\)}{$clock}g, s{ EDU_WHERE}{}g,
    s{ EDU_FOUND}{$found}g, s{EDU_PLACE}{$ask->{place}}g, s/%lld/6500/g
    for @statements;
my ($each) = slurp($library) =~ /\0(SELECT [^\0]*$ask->{each}\([^\0]*)/;
$each =~ s/%s/'[]'/;
s{EDU_EACH\(%s\)}{$each}g for @statements;
my ($if_any) = slurp($library) =~ /\0($ask->{if_any})\0/;
for (@statements) {
    s{EDU_IF\(([^,]+), (\w+)\)}{sprintf $if_any, $1, $2}ge;
}
s{EDU_ROLE\(([^ ]+), ([^ ]+?)\)}
 {SELECT role FROM edu_member WHERE class_id = $1 AND id = $2}g for @statements;
cmp_ok(@statements, '>', 30, 'the library holds statements');

# Enough rows for an index to be worth it, and one of each that is called x.
# Only one is in two classes: in all, and teaches them.
sub fill {
    my %rows;
    for my $c ('x', 1 .. 100) {
        push @{ $rows{'class (id)'} }, "('$c')";
        push @{ $rows{'member (class_id, id, role)'} },
        "('$c', 'y', 'teacher')";
        for my $n ('x', 1 .. 9) {
            my $id = $c eq 'x' ? $n : "$c-$n";
            push @{ $rows{'member (class_id, id, role)'} },
                "('$c', '$id', 'student')";
            push @{ $rows{'assignment (class_id, id)'} }, "('$c', '$id')";
            push @{ $rows{'submission (class_id, assignment_id, id, user_id)'} },
                map "('$c', '$id', '$_', '$_')", 'x', 1 .. 12;
            push @{ $rows{'outcome (class_id, assignment_id, submission_id,'
                          . ' id, created, type, version, body)'} },
                map "('$c', '$id', '$_', 'x', '', '', '', '')", 'x', 1 .. 12;
            push @{ $rows{'history (class_id, assignment_id, submission_id, id,'
                          . ' entity, action, at)'} },
                map "('$c', '$id', '$_', 'x', 'outcome', 'x', '')", 'x', 1 .. 12;
            push @{ $rows{'repeat (id, created, request, expires, user_id, body)'} },
                "('$c-$n', '', '', 'y-$n', '', '')";
        }
    }
    sql("INSERT INTO edu_$_ VALUES " . join ', ', @{ $rows{$_} })
        for sort keys %rows;
}

# What of a statement is not to be sorted: all, or each page within.
sub pages {
    my ($statement) = @_;
    my @pages = $statement =~ /ORDER BY 7, 1 LIMIT/
        ? $statement =~ /FROM \((SELECT (?:(?!FROM \(SELECT).)*?$PAGE)\)/g
        : $statement;
    return grep { /$PAGE/ && !/$SORTS/ } @pages;
}

alarm 60;    # a shell that meets an error may say nothing any more
sql('BEGIN');
fill();
sql($ask->{analyze}) if $ask->{analyze};
sql("$1; SET plan_cache_mode = force_generic_plan")
    if database()->{name} eq 'pgsql'
    && slurp($library) =~ /\0(SELECT set_config[^\0]+)\0/;
my $plans = '';
for my $statement (@statements) {
    my $plan = $ask->{plan}->($statement);
    isnt($plan, '', "a plan: $statement") if $statement =~ / FROM /;
    is(join(' ', $ask->{scans}->($plan)), '', "no scan: $statement")
        or diag($plan) if $statement !~ $MAY;
    for my $page (pages($statement)) {
        unlike($ask->{plan}->($page), $ask->{sort}, "no sort: $page");
    }
    like($plan, qr/edu_member_role/, "no other role is read: $statement")
        if $statement =~ $ask->{role};
    $plans .= $plan;
}
for (split ' ', sql($ask->{indexes})) {
    like($plans, qr/\b$_\b/, "$_ is of use");
}
sql('ROLLBACK');
done_testing();
