# A release has every file that the project has.
. t/guards/tap

# The files that .gitignore does not rule out: those that git knows or, where this
# is a release itself, those that are here.
if [ -e .git ]; then
    files=$(git ls-files)
else
    git init -q "$work/dist.git"
    files=$(git --git-dir="$work/dist.git/.git" --work-tree=. ls-files -o \
        --exclude-standard)
    rm -rf "$work/dist.git"
fi
files=$(echo "$files" | LC_ALL=C sort)

(cd "$top_builddir" && MAKEFLAGS= make -s distdir distdir="$work/dist" >&2)
some 'there are files' "$files"
none 'each is in the archive' "$(echo "$files" | while read -r file; do
    cmp -s "$file" "$work/dist/$file" || echo "$file"
done)"
none 'none there was built' "$(find "$work/dist" -name '*.o' -o -name '*.lo' \
    -o -name .libs -o -name .deps)"
rm -rf "$work/dist"
