namespace Cote.Media.Reading;

/// <summary>What a document says.</summary>
/// <param name="Text">Well-formed text: lines end in \n, and \t is its only other control character.</param>
/// <param name="Outline">Its headings, bookmarks, sheets or slides, one a line; empty where it has none.</param>
/// <param name="IsCut">Whether more stands in the document than in the text.</param>
/// <param name="Pictures">Pages that are pictures, in the order of the pages.</param>
sealed record DocumentText(string Text, string Outline, bool IsCut, IReadOnlyList<PagePicture> Pictures);

/// <summary>The picture that a page consists of.</summary>
/// <param name="Page">The page's number, from 1 on.</param>
/// <param name="Bytes">A JPEG, PNG, JPEG 2000 or TIFF file.</param>
/// <param name="Turn">By how many degrees it is turned clockwise to stand upright: 0, 90, 180 or 270.</param>
sealed record PagePicture(int Page, byte[] Bytes, int Turn);

/// <summary>How much of a document is read.</summary>
/// <param name="MaxCharacters">Reading ends where the text is as long.</param>
/// <param name="MaxOutline">The longest outline, in characters.</param>
/// <param name="MaxPictures">The most pages that are taken as pictures.</param>
/// <param name="MaxPictureBytes">The most bytes of all pictures together.</param>
/// <param name="MaxTime">
/// Reading ends, with what it has, before the next part of the document, after so much time.
/// </param>
sealed record DocumentBounds(
    int MaxCharacters, int MaxOutline, int MaxPictures, long MaxPictureBytes, TimeSpan MaxTime);
