# Where the reviews come from. Sourced; needs $root, $state, say and fail. Sets $reviews (what
# xptrain prepare reads) and $reviews_name (for people).

# The public archive (84 MB): Maas et al. 2011, Large Movie Review Dataset.
imdb_url=${XP_IMDB_URL:-https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz}

choose_reviews() {
  case $1 in
    sample)
      reviews=$root/deploy/sample-reviews
      reviews_name="the short reviews that come with xp (--imdb or --download-imdb: real ones)"
      ;;
    download)
      download_imdb
      reviews=$state/downloads/aclImdb.tar.gz
      reviews_name="the public IMDB archive"
      ;;
    *)
      reviews=$(realpath -e -- "$1" 2>/dev/null) || fail "--imdb: there is no file or folder $1"
      reviews_name=$reviews
      check_imdb
      ;;
  esac
}

# A folder is looked into here, because a wrong one is the likely mistake; an archive by xptrain.
check_imdb() {
  [ -d "$reviews" ] || return 0
  [ -d "$reviews/aclImdb" ] && reviews=$reviews/aclImdb
  local part
  for part in train/pos train/neg test/pos test/neg; do
    [ -d "$reviews/$part" ] || fail "--imdb: $reviews has no folder $part; expected is the layout of aclImdb (train/pos, train/neg, test/pos, test/neg)"
  done
}

download_imdb() {
  local target=$state/downloads/aclImdb.tar.gz
  [ -f "$target" ] && return 0
  mkdir -p "$state/downloads"
  say "downloading $imdb_url"
  # Into a file of its own and moved when whole; a second try goes on where this one stopped.
  if ! python3_fetch "$imdb_url" "$target.part"; then
    fail "--download-imdb: cannot fetch $imdb_url
Without a network: take the archive from elsewhere and pass it with --imdb FILE, or leave the option
out to use the short reviews that come with xp. XP_IMDB_URL=... names another place."
  fi
  mv "$target.part" "$target"
}

# Debian's minimal system has neither curl nor wget; Python is installed by install-deps.sh.
python3_fetch() {
  /usr/bin/python3 "$root/deploy/quickstart/fetch.py" "$1" "$2"
}
