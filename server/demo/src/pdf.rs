//! One-page PDF 1.4 documents of 4–8 KB: a few lines of text and a square of dots like the coded seals on official
//! papers.
//!
//! Hand-written because the whole history needs thousands of them within seconds, and a few objects with a
//! cross-reference table are all a reader asks for. The dots are random, as stored documents hardly compress.

use std::fmt::Write;

use crate::dice::Dice;

/// Side of the seal in dots; multiples of 8 keep its rows byte-aligned. 3.2 to 6.3 KB.
const SEAL_EIGHTHS: (i64, i64) = (20, 28);

/// The document. Characters outside Windows-1252's Latin part and € are printed as `?`.
pub(crate) fn document(title: &str, lines: &[String], dice: &mut Dice) -> Vec<u8> {
    let mut text = String::with_capacity(1_500);
    text.push_str("BT /F1 18 Tf 50 780 Td 24 TL (");
    escape(&mut text, title);
    text.push_str(") Tj T* /F1 10 Tf 15 TL\n");
    for line in lines {
        text.push('(');
        escape(&mut text, line);
        text.push_str(") Tj T*\n");
    }
    text.push_str("ET\nq 110 0 0 110 435 60 cm /S1 Do Q\n");
    let text: Vec<u8> = text.chars().map(windows_1252).collect();
    let eighths = dice.between(SEAL_EIGHTHS.0, SEAL_EIGHTHS.1);
    let side = eighths * 8;
    let mut seal = vec![0; usize::try_from(eighths * side).unwrap_or(0)];
    dice.fill(&mut seal);

    let mut pdf = Vec::with_capacity(text.len() + seal.len() + 1_200);
    pdf.extend_from_slice(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n");
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
                /Resources << /Font << /F1 5 0 R >> /XObject << /S1 6 0 R >> >> >>";
    let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>";
    let content = format!("<< /Length {} >>", text.len());
    let image = format!(
        "<< /Type /XObject /Subtype /Image /Width {side} /Height {side} /ColorSpace /DeviceGray /BitsPerComponent 1 \
         /Length {} >>",
        seal.len()
    );
    let objects: [(&str, Option<&[u8]>); 6] = [
        ("<< /Type /Catalog /Pages 2 0 R >>", None),
        ("<< /Type /Pages /Kids [3 0 R] /Count 1 >>", None),
        (page, None),
        (&content, Some(&text)),
        (font, None),
        (&image, Some(&seal)),
    ];
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, (dictionary, stream)) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", pdf.len());
        pdf.extend_from_slice(format!("{} 0 obj\n{dictionary}\n", number + 1).as_bytes());
        if let Some(stream) = stream {
            pdf.extend_from_slice(b"stream\n");
            pdf.extend_from_slice(stream);
            pdf.extend_from_slice(b"\nendstream\n");
        }
        pdf.extend_from_slice(b"endobj\n");
    }
    let start = pdf.len();
    let _ = write!(
        table,
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF",
        objects.len() + 1
    );
    pdf.extend_from_slice(table.as_bytes());
    pdf
}

fn escape(text: &mut String, raw: &str) {
    for character in raw.chars() {
        if matches!(character, '(' | ')' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
}

fn windows_1252(character: char) -> u8 {
    match character {
        '€' => 0x80,
        'œ' => 0x9c,
        '\u{80}'..='\u{9f}' => b'?',
        other => u8::try_from(other).unwrap_or(b'?'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Purpose;

    #[test]
    fn the_cross_reference_table_finds_every_object_and_every_stream_has_its_length() {
        for number in 0..50 {
            let lines = [format!("Prestation (n° {number}) \\ 12,00 €"), "Hôtel d'été".to_owned()];
            let pdf = document("Facture", &lines, &mut Dice::new(1, Purpose::Live, number, 0));
            assert!((3_000..8_192).contains(&pdf.len()), "{}", pdf.len());
            // One char for one byte, so that positions stay byte positions.
            let text: String = pdf.iter().map(|byte| char::from(*byte)).collect();
            let at: Vec<char> = text.chars().collect();
            let from = |position: usize, count: usize| at[position..position + count].iter().collect::<String>();
            let start: usize = text.rsplit('\n').nth(1).unwrap().parse().unwrap();
            let table = from(start, at.len() - start);
            assert!(table.starts_with("xref\n0 7\n0000000000 65535 f \n"));
            for (number, line) in table.lines().skip(3).take(6).enumerate() {
                assert_eq!(line.len(), 19);
                let offset: usize = line[..10].parse().unwrap();
                let head = format!("{} 0 obj\n", number + 1);
                assert_eq!(from(offset, head.len()), head);
                let object = from(offset, (start - offset).min(9_000));
                if let Some((dictionary, stream)) = object.split_once("\nstream\n")
                    && !dictionary.contains("endobj")
                {
                    let length: usize = dictionary
                        .rsplit("/Length ")
                        .next()
                        .unwrap()
                        .split(' ')
                        .next()
                        .unwrap()
                        .parse()
                        .unwrap();
                    let rest: String = stream.chars().skip(length).take(11).collect();
                    assert_eq!(rest, "\nendstream\n");
                }
            }
        }
    }
}
