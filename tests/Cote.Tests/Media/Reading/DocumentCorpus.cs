namespace Cote.Tests.Media.Reading;

/// <summary>All documents that tests read.</summary>
static class DocumentCorpus
{
    public static readonly IReadOnlyList<Specimen> All = [.. PdfSpecimens.All, .. OfficeSpecimens.All];
}
