using System.ComponentModel.DataAnnotations;

namespace Cote.Primitives;

/// <summary>An option that takes one of a few words, or nothing.</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class OneOfAttribute(params string[] words) : ValidationAttribute
{
    public override bool IsValid(object? value) =>
        value is null || (value is string word && words.Contains(word, StringComparer.Ordinal));

    public override string FormatErrorMessage(string name) => $"{name} is one of {string.Join(", ", words)}.";
}
